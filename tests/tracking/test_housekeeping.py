"""Parked spans expire, are counted, and take nothing with them that belongs to an event."""

from datetime import timedelta

import pytest

from slatrack.tracking import flows, housekeeping, reading
from slatrack.tracking.models import SpanBlock, Tally, Trace
from slatrack.tracking.recorder import record
from tests.spans import NOON, span
from tests.trades import DOCUMENT, received, trade

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=30)


@pytest.fixture(autouse=True)
def trade_reporting():
    flows.save(DOCUMENT, now=NOON - timedelta(days=1))


def expired():
    return Tally.objects.get(name=housekeeping.EXPIRED).count


def test_parked_spans_expire_and_are_counted_once():
    record([span(f"n{n}", trace="noise") for n in range(3)], now=NOON)
    assert housekeeping.expire_parked(now=NOON + timedelta(minutes=1)) == 0

    assert housekeeping.expire_parked(now=LATER) == 3
    assert housekeeping.expire_parked(now=LATER) == 0

    assert expired() == 3
    assert not Trace.objects.exists()
    assert not SpanBlock.objects.exists()


def test_chunks_go_until_all_is_gone(monkeypatch):
    monkeypatch.setattr(housekeeping, "CHUNK", 2)
    for n in range(5):
        record([span("n", trace=f"noise {n}")], now=NOON)
    assert housekeeping.expire_parked(now=LATER) == 5
    assert expired() == 5
    assert not SpanBlock.objects.exists()


def test_what_belongs_to_an_event_stays():
    record([span("noise", trace="T1", parent="T1-received")], now=NOON)
    record([*trade("T1"), span("other", trace="other")], now=NOON)
    assert housekeeping.expire_parked(now=LATER) == 1
    assert len(reading.journey_spans("trade-reporting", "T1")) == 5


def test_steps_whose_key_never_came_go_with_their_raw_spans():
    record([received(trace=f"keyless {n}", name=f"r{n}") for n in range(4)], now=NOON)
    assert housekeeping.expire_parked(now=LATER) == 4
    assert not SpanBlock.objects.exists()


def test_a_block_that_an_event_shares_with_them_stays():
    record([received(trace="keyless", name="r"), *trade("T1")], now=NOON)
    assert housekeeping.expire_parked(now=LATER) == 1
    assert len(reading.journey_spans("trade-reporting", "T1")) == 4


def test_spans_that_come_after_their_trace_expired_start_anew():
    record([received(trace="T1", name="T1-received")], now=NOON)
    housekeeping.expire_parked(now=LATER)
    assert record(trade("T1"), now=LATER).new == 4
    assert len(reading.journey_spans("trade-reporting", "T1")) == 4
