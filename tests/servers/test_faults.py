"""The short form of `manage.py bench faults`: what goes wrong most, one after another, at one load.

The stored set, journeys, verdicts on their way, alerts, offsets and next instants are compared with
a manifest by code that shares nothing with what it checks. Servers that stop: `test_outages`.
"""

import json

import pytest

from tests.servers.installed import Place

pytestmark = pytest.mark.servers

FAULTS = ("kill", "backend_terminated", "claimed", "poison")


@pytest.fixture
def place(kafka_brokers, postgres_url, redis_url, tmp_path):
    return Place(kafka_brokers, postgres_url, redis_url, tmp_path)


def test_what_must_hold_holds_through_kills_cuts_claims_and_garbage(place):
    chosen = [part for name in FAULTS for part in ("--fault", name)]

    said = place.manage(
        "bench", "faults", "--together", "--fault-spans", "9600", "--kills", "3", "--json", *chosen
    )

    figures = json.loads(said[said.index("{") :])
    assert figures["together"] == "held 1 of 1"
