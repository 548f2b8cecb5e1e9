"""Two writers at once: nothing is lost, nothing is decided twice."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from slatrack.tracking import flows, watcher
from slatrack.tracking.models import Deadline, Errand, Journey, Trace
from slatrack.tracking.recorder import record
from tests.recorded_flips import recorded
from tests.spans import NOON, trace_id
from tests.trades import DOCUMENT, trade

pytestmark = pytest.mark.django_db(transaction=True)

NOW = NOON + timedelta(seconds=30)
TRADES = 40


def in_threads(*works):
    def one(work):
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(one, work) for work in works]]


def record_batches(batches):
    for batch in batches:
        for _ in range(20):
            try:
                record(batch, now=NOW)
                break
            except OperationalError:  # a deadlock: the same batch again, as the consumer does
                continue
        else:
            pytest.fail("the batch could not be recorded")


def test_two_consumers_with_halves_of_the_same_traces_make_whole_journeys():
    flows.save(DOCUMENT, now=NOON - timedelta(days=1))
    spans = [span for number in range(TRADES) for span in trade(f"T{number}")]
    random.Random(7).shuffle(spans)
    halves = [spans[::2] + spans[:20], spans[1::2] + spans[:20]]

    in_threads(
        *(
            lambda half=half: record_batches([half[n : n + 10] for n in range(0, len(half), 10)])
            for half in halves
        )
    )

    assert Journey.objects.filter(status="done", verdict="met", spans=4).count() == TRADES
    assert sum(Trace.objects.values_list("spans", flat=True)) == len(spans)
    assert len(recorded()) == TRADES


def test_two_watchers_tell_each_miss_once():
    flows.save(DOCUMENT, now=NOON - timedelta(days=1))
    record([span for n in range(TRADES) for span in trade(f"T{n}")[:3]], now=NOW)

    def watch():
        for _ in range(TRADES):
            watcher.settle_due(now=NOON + timedelta(minutes=16), limit=3)

    in_threads(watch, watch)

    assert Deadline.objects.filter(verdict="missed").count() == TRADES
    assert recorded("after") == [("missed",)] * TRADES


def test_two_writers_with_one_side_each_of_every_message_make_whole_journeys():
    """One has the producers, one the consumers, whose context is lost: the place joins them."""
    flows.save(DOCUMENT, now=NOON - timedelta(days=1))
    producers, consumers = [], []
    for number in range(TRADES):
        one, two, three, four = trade(f"T{number}")
        place = {"partition": number % 3, "offset": number}
        bare = {"trace_id": trace_id(f"later{number}"), "attributes": {}}
        producers += [one, two._replace(**place)]
        consumers += [three._replace(parent_id=b"", **bare, **place), four._replace(**bare)]

    in_threads(
        *(
            lambda side=side: record_batches([side[n : n + 8] for n in range(0, len(side), 8)])
            for side in (producers, consumers)
        )
    )

    assert Journey.objects.filter(status="done", spans=4).count() == TRADES
    assert not Errand.objects.exists()
