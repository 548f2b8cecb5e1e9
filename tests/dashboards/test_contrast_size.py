"""What is different about the late ones, of very many: in the time a person waits, and right.

`SLATRACK_TEST_CONTRAST=100000` says of how many, and prints what it took.
"""

import os
import random
import resource
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from slatrack.domain.parts import Part, Sighting, journey_id
from slatrack.domain.states import Verdict
from slatrack.tracking import flows, models, store
from slatrack.tracking.deadline_rows import COLUMNS as DEADLINE_COLUMNS
from slatrack.tracking.journey_rows import JOURNEY_COLUMNS
from slatrack.tracking.packing import pack_parts
from tests.dashboards.signed_in import client
from tests.factories import new_deadline, new_journey
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

EVENTS = int(os.environ.get("SLATRACK_TEST_CONTRAST", "2000"))
API = "/api/flows/trade-reporting/different"
STEPS = (("received", "gateway"), ("accepted", "gateway"), ("enriched", "enricher"),
         ("reported", "regulator-sink"))  # fmt: skip
WITHIN, A_WAIT = timedelta(hours=20), 10.0  # seconds of processor time


def seed(*, cause):
    """Events of which one in ten is late: by chance alone, or rather where there is a `cause`."""
    rng = random.Random(7)
    flow = flows_row()
    first = timezone.now() - WITHIN
    for begin in range(0, EVENTS, 5_000):
        numbers = range(begin, min(begin + 5_000, EVENTS))
        rows = [event(flow, n, first + WITHIN * (n / EVENTS), rng, cause=cause) for n in numbers]
        insert(models.Journey, JOURNEY_COLUMNS, [row for row, _ in rows])
        insert(models.Deadline, DEADLINE_COLUMNS, [deadline for _, deadline in rows])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def flows_row():
    flows.save(DOCUMENT, now=timezone.now() - timedelta(days=2))
    return models.Flow.objects.get()


def insert(model, columns, rows):
    values = [tuple(plain(row, name) for name in columns) for row in rows]
    store.insert(model, columns, sorted(values, key=lambda one: one[0].int))


def plain(row, name):
    field = row._meta.get_field(name)
    return getattr(row, field.attname)


def event(flow, number, at, rng, *, cause):
    attributes = {
        "venue": rng.choice(["XNAS", "XNYS", "BATS", "IEXG"]),
        "desk": f"desk {rng.randrange(12)}",
        "asset.class": rng.choice(["equity", "bond", "fund"]),
        "client": f"client {rng.randrange(300)}",
        "price": round(rng.uniform(90, 110), 4),
        "order": f"O-{number}",
    }
    partition = rng.randrange(12)
    slow = cause and attributes["venue"] == "BATS" and partition < 6
    late = rng.random() < (0.6 if slow else 0.09 if cause else 0.1)
    took = 1_000 + 400 * rng.random() if late else 60 + 500 * rng.random()
    key, start = f"EVENT-{number:08d}", int(at.timestamp() * 1e6) * 1000
    verdict = (Verdict.MISSED if late else Verdict.MET).value
    row = new_journey(
        id=journey_id(flow.name, key), flow=flow, key=key, status="done", verdict=verdict,
        complete=True, started_at=at, ended_at=at + timedelta(seconds=took), step="reported",
        parts=pack_parts({rng.randbytes(16): part(start, took, partition, rng)}),
        attributes=attributes, next_at=None, due_at=at + timedelta(minutes=15),
    )  # fmt: skip
    return row, new_deadline(row, started_at=at)


def part(start, took, partition, rng):
    length = int(took * 1e9)
    sightings = tuple(
        Sighting(step, start + length * n // 4, start + length * (n + 1) // 4, rng.randbytes(8),
                 False, service, "key", 1, "trades.accepted", partition, n)
        for n, (step, service) in enumerate(STEPS)
    )  # fmt: skip
    return Part(sightings, 8, start, start + length, 0, truncated=False, captured=())


def asked(**query):
    viewer = client("viewer")
    began, memory = time.process_time(), peak()
    answer = viewer.get(API, {"range": "24h", **query}).json()
    took = time.process_time() - began
    sys.stderr.write(f"{EVENTS:,} events: {took:.2f} CPU s, {peak() - memory:,} B more {query}\n")
    assert took < A_WAIT
    return answer


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def told(answer):
    return [(one["name"], one["value"]) for one in (*answer["more"], *answer["less"])]


@pytest.mark.parametrize("of", [{}, {"deadline": "report within 15 minutes"}, {"by": "slow"}])
def test_the_cause_is_found_among_many_and_nothing_else(of):
    seed(cause=True)
    answer = asked(**of)

    found = told(answer)
    assert found[0] == ("venue", "BATS")
    others = {"XNAS", "XNYS", "BATS", "IEXG"} | {str(n) for n in range(12)}
    assert {value for _, value in found} <= others, "desk, client, price and hour tell nothing"
    assert list(answer["left_out"]) == ["order"]


def test_of_chance_alone_nothing_is_told():
    seed(cause=False)
    assert told(asked()) == []
