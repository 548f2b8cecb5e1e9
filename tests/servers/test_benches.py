"""The short forms of `manage.py bench alerts` and `catch_up`, which need a whole installation.

They compare all that is stored and told with what was sent; what is asked here is that they ran,
found nothing wrong, and measured what they say.
"""

import json

import pytest

from slatrack.bench.alerts import PERCENTILES
from slatrack.bench.installation import PARTS
from tests.servers.installed import Place

pytestmark = pytest.mark.servers


@pytest.fixture
def place(kafka_brokers, postgres_url, redis_url, tmp_path):
    return Place(kafka_brokers, postgres_url, redis_url, tmp_path)


def figures(place, *arguments):
    return json.loads(place.manage("bench", *arguments, "--json"))


def test_probes_are_told_once_each_under_load_and_what_it_took_is_said(place):
    found = figures(place, "alerts", "--in-flight", "2000", "--rate", "400", "--seconds", "4")

    assert found["probes"] >= 2 * 2 * 10 * 3
    assert (found["lost"], found["journeys"] > 0, found["journeys_wrong"]) == (0, True, 0)
    for name in PERCENTILES:
        assert 0 <= found[f"{name}_ms_p50"] <= found[f"{name}_ms_p99"] <= found[f"{name}_ms_max"]
    assert found["evidence_ms_p50"] > found["evidence_recorded_ms_p50"]
    assert all(found[f"{part}_bytes"] > 50_000_000 for part in PARTS)
    assert 500 < found["stored_bytes_per_journey"] < 2_000


def test_a_backlog_is_caught_up_with_while_as_much_arrives(place):
    found = figures(place, "catch_up", "--minutes", "0.1", "--rate", "1000")

    assert found["backlog_spans"] < found["spans"]
    assert found["broken"] == ""
    assert found["misses_told"] * 25 * 16 == pytest.approx(found["spans"], rel=0.05)
    assert 0 < found["caught_up_seconds"] < found["judged_seconds"] <= found["told_seconds"]
