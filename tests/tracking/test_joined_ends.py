"""Case 12: many events end in one span: a report of many trades."""

import random

import pytest

from slatrack.tracking import flows, reading
from slatrack.tracking.models import Journey, SpanBlock, Trace
from tests.bonds import after, sent, settle, store
from tests.deadlines import values
from tests.recorded_flips import recorded

pytestmark = pytest.mark.django_db

TRADES = """\
flow: trades
event_key: [trade.id]
steps:
  - {step: received, role: ingress, match: {service: gateway}}
  - {step: reported, role: sink, match: {service: sink}, after: [received]}
deadlines:
  - {deadline: in a minute, rule: {kind: duration, from: ingress, amount: PT1M}, until: reported}
"""
KEYS = [f"T{n}" for n in range(5)]


def world():
    """Five trades, twenty seconds apart, in one report: the first two are late."""
    return [
        *(sent(f"{k} in", "gateway", at=20 * n, trade__id=k) for n, k in enumerate(KEYS)),
        sent("report", "sink", "client", at=90, trade__id=KEYS),
    ]


def rows():
    judged = values("journey__key", "verdict", "reached_at", "due_at")
    return sorted(Journey.objects.values_list("key", "status", "ended_at")), sorted(judged)


@pytest.mark.parametrize("seed", range(4))
def test_one_report_ends_every_trade_each_by_its_own_deadline(seed):
    flows.save(TRADES, now=after(-86400))
    spans = world() * 2
    random.Random(seed).shuffle(spans)
    for start in range(0, len(spans), 3):
        store(spans[start : start + 3], at=100)
    settle(200)

    journeys, deadlines = rows()
    assert journeys == [(key, "done", after(91)) for key in KEYS]
    assert [one[1] for one in deadlines] == ["missed", "missed", "met", "met", "met"]
    steps = reading.journey("trades", "T3", now=after(200))["steps"]
    assert [(s["step"], s["shared"]) for s in steps] == [("received", 1), ("reported", 5)]


def test_what_is_recorded_again_changes_nothing():
    flows.save(TRADES, now=after(-86400))
    store(world(), at=100)
    before, told = rows(), recorded()
    store(world(), at=101)
    assert (rows(), recorded()) == (before, told)
    assert Trace.objects.count() == 6
    assert SpanBlock.objects.exists()
