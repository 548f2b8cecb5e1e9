"""What the watcher looks at while telemetry is behind, and how often."""

from datetime import timedelta

import pytest
from django.db import connection

from slatrack.tracking import falling_due, flows, sources, watcher
from slatrack.tracking.models import Journey, Source
from slatrack.tracking.recorder import record
from tests.spans import NOON
from tests.trades import received

pytestmark = pytest.mark.django_db

DOCUMENT = """\
flow: trade-reporting
event_key: [trade.id]
steps:
  - {step: received, role: ingress, match: {service: gateway, kind: server}}
  - {step: reported, role: sink, match: {service: sink-connector}}
deadlines:
  - {deadline: report, rule: {kind: duration, from: ingress, amount: PT15M}, until: reported}
"""
DUE = NOON + timedelta(minutes=15)
LATER = DUE + timedelta(minutes=1)


@pytest.fixture
def behind():
    """One event is overdue; telemetry has been read up to a minute before it was due."""
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))
    record([received("T1", at=0)], now=NOON)
    Source.objects.create(name="replay:1", watermark_at=DUE - timedelta(minutes=1), alive_at=LATER)


def verdict():
    return Journey.objects.get().verdict


def test_what_is_overdue_is_found_and_unknown_while_telemetry_is_behind(behind):
    assert watcher.any_due(now=LATER)

    watcher.settle_due(now=LATER)

    assert verdict() == "unknown"
    assert not watcher.any_due(now=LATER)


def test_a_look_that_is_not_for_the_overdue_leaves_them_and_finds_what_silence_proves(behind):
    assert not watcher.any_due(now=LATER, overdue=False)
    assert watcher.settle_due(now=LATER, overdue=False) == 0
    assert verdict() == "waiting"

    Source.objects.update(watermark_at=LATER)
    assert watcher.any_due(now=LATER, overdue=False)
    watcher.settle_due(now=LATER, overdue=False)
    assert verdict() == "missed"


def test_looks_for_the_overdue_rest_many_times_as_long_as_one_took(behind, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(falling_due.time, "monotonic", lambda: clock[0])
    falling_due.Overdue.took(0.5)

    clock[0] += 0.5 * falling_due.RESTS - 0.1
    assert watcher.turn(LATER) == 0
    assert verdict() == "waiting"

    clock[0] += 0.2
    assert watcher.turn(LATER) == 1
    assert verdict() == "unknown"


def test_what_is_due_later_is_not_walked_over(behind):
    moment = sources.watermarks(LATER).moment(LATER, silent=True)

    sql, values = falling_due.rows(moment, overdue=True).query.sql_with_params()

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {sql}", values)
            assert any("Index Cond: (next_at <= " in line for (line,) in cursor.fetchall())
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
            assert "journey_next (next_at<?)" in str(cursor.fetchall())
