"""What a span and a journey cost, watched for regressions: twice what was measured is too much.

Seconds vary with what else a machine does, so only processor time, bytes and memory are watched.
"""

import json

import pytest

from tests.servers.installed import Place

pytestmark = pytest.mark.servers

SPANS = 40_000
MOST = {  # measured on 29 November 2026: 24 to 65 CPU s, 259 B, 210 B, 141 B, 250 MB
    "cpu_seconds_per_million_spans": 130.0,
    "logged_bytes_per_span": 500.0,
    "stored_bytes_per_span": 300.0,
    "kept_bytes_per_span": 200.0,
    "peak_memory_bytes": 400e6,
}
MOST_IN_FLIGHT = 300.0  # bytes of a process for each journey on its way


@pytest.fixture
def place(kafka_brokers, postgres_url, redis_url, tmp_path):
    return Place(kafka_brokers, postgres_url, redis_url, tmp_path)


def figures_of(said):
    return json.loads(said[said.index('{"') :])


def test_a_span_costs_no_more_than_it_may(place):
    said = place.manage("bench", "ingest", "--spans", str(SPANS), "--expire", "--json")

    figures = figures_of(said)
    assert figures["lost"] == figures["journeys_wrong"] == 0
    assert {name: most for name, most in MOST.items() if figures[name] > most} == {}, figures


def test_a_journey_in_flight_takes_no_memory_to_speak_of(place):
    said = place.manage("bench", "memory", "--case", "in flight", "--size", "60000", "--json")

    figures = figures_of(said)
    assert figures["journeys_in_flight"] == 10_000
    assert figures["bytes_per_journey_in_flight"] <= MOST_IN_FLIGHT, figures
