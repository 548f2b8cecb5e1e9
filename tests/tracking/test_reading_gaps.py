"""Reasons of gaps, from OTLP as received to what a reader is told."""

from datetime import UTC, datetime, timedelta

import pytest

from slatrack.tracking import reading
from tests.dashboards.recorded import record, save_flow, step_span, trade

pytestmark = pytest.mark.django_db

UNSAMPLED, REMOTE = 0, 0x300


@pytest.fixture(autouse=True)
def _flow():
    save_flow()


def gaps(key="T-1"):
    found = reading.journey("trade-reporting", key, now=datetime.now(UTC))["gaps"]
    return {gap["step"]: gap for gap in found}


def without_accepted(key="T-1", **fields):
    return trade(key, "received", "enriched", "reported", ago=300, **fields)


def test_others_show_it_so_it_is_missing():
    for number in range(6):
        trade(f"other-{number}", ago=250 + number)
    without_accepted()

    gap = gaps()["accepted"]

    assert gap["reason"] == "missing"
    assert "6 of 6 other events of that time show it" in gap["sentence"]
    assert gap["service"] == "gateway"


def test_nobody_shows_it_so_its_service_is_silent():
    for number in range(6):
        without_accepted(f"other-{number}")
    without_accepted()

    assert gaps()["accepted"]["reason"] == "service silent"


def test_some_show_it_so_it_is_sampled():
    for number in range(6):
        without_accepted(f"other-{number}") if number % 2 else trade(f"other-{number}", ago=250)
    without_accepted()

    assert gaps()["accepted"]["reason"] == "sampled out"


def test_the_flags_of_a_span_say_that_its_trace_is_not_sampled():
    without_accepted(flags=UNSAMPLED | REMOTE)
    assert gaps()["accepted"]["reason"] == "sampled out"


def test_a_service_that_never_sent_anything_is_silent():
    start = datetime.now(UTC) - timedelta(seconds=300)
    record(step_span("T-1", "received", start), step_span("T-1", "reported", start))

    gap = gaps()["enriched"]

    assert (gap["reason"], gap["service"]) == ("service silent", "enricher")
    assert "no span of enricher has ever come" in gap["sentence"]


def test_what_lies_ahead_is_not_yet():
    trade("T-1", "received", "accepted", ago=60)
    assert gaps()["reported"]["reason"] == "not yet"


def test_a_journey_without_gaps_asks_for_no_evidence(django_assert_max_num_queries):
    trade("T-1", ago=60)
    with django_assert_max_num_queries(
        8
    ):  # flows, row, watermark, deadlines and rules, history, traces
        assert gaps() == {}
