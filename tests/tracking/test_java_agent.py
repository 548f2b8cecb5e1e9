"""Journeys of the Java world as captured: whole in every mode of the agent, in any order."""

import random
from datetime import UTC, datetime

import pytest

from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import flows, reading, recorder
from slatrack.tracking.models import Journey
from tests.java_captures import COUNTS, FLOW, LINES, captured

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
MODES = [name for name in LINES if name != "aggregate_without_cache"]


def record(name, flow=FLOW, seed=0, parts=1):
    flows.save(flow, now=NOW)
    spans = decode(captured(name), wanted=Wanted(flows.current().wanted), now=NOW).spans
    random.Random(seed).shuffle(spans)
    for part in range(parts):
        recorder.record(spans[part::parts], now=NOW)
    return [
        reading.journey(row.flow.name, row.key, now=NOW) for row in Journey.objects.order_by("key")
    ]


@pytest.mark.parametrize("name", LINES)
def test_each_line_is_one_whole_journey(name):
    journeys = record(name)

    assert len(journeys) == LINES[name]
    for one in journeys:
        assert [step["step"] for step in one["steps"]] == ["read", "piped", "passed", "written"]
        assert [leg["partial"] for leg in one["legs"]] == [False, False, False]
        assert (one["status"], one["gaps"]) == ("done", [])


@pytest.mark.parametrize(("seed", "parts"), [(2, 3)])
@pytest.mark.parametrize("name", MODES)
def test_order_and_batching_change_nothing(name, seed, parts):
    assert record(name, seed=seed, parts=parts) == record(name)


def test_without_a_cache_an_aggregate_is_part_of_the_way():
    journeys = record("aggregate_without_cache", COUNTS)

    assert len(journeys) == 3
    assert {one["status"] for one in journeys} == {"done"}


def test_behind_a_cache_nobody_can_know_and_the_journey_says_so():
    journeys = record("default", COUNTS)

    assert len(journeys) == 12
    assert {one["status"] for one in journeys} == {"in_flight"}
    assert all(
        [step["step"] for step in one["steps"]] == ["read", "split", "counted"] for one in journeys
    )
    assert all([gap["step"] for gap in one["gaps"]] == ["told"] for one in journeys)
    for one in journeys:
        [gap] = one["gaps"]
        assert "words may keep it in a state store's cache" in gap["sentence"]
        assert "statestore.cache.max.bytes=0" in gap["remedy"]


def test_what_no_aggregate_hides_gets_no_advice():
    lines = [one["gaps"] for one in record("default", FLOW.replace("trades-out", "other-sink"))]
    assert {gap["remedy"] for gaps in lines for gap in gaps} == {""}
