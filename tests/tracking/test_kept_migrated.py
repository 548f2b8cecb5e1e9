"""Deadlines that were kept, migrated: there and back nothing of them is lost."""

from datetime import timedelta
from importlib import import_module

import pytest

from slatrack.tracking import flows, watcher
from slatrack.tracking.models import Deadline, Journey, Terms
from slatrack.tracking.recorder import record
from tests.deadlines import deadlines
from tests.migrating import migrate
from tests.recorded_flips import recorded
from tests.spans import NOON
from tests.trades import DOCUMENT, trade

pytestmark = pytest.mark.django_db(transaction=True)

MIGRATION = import_module(
    "slatrack.tracking.migrations.0008_kept_deadlines_are_told_by_their_journeys"
)
BEFORE = ("tracking", "0007_flips_become_history_when_taken_up")
SECOND = """\
  - {deadline: accept, rule: {kind: duration, from: ingress, amount: PT5M}, until: accepted}
"""


@pytest.fixture
def events(monkeypatch):
    """Events on time, one that was warned of, one in flight with one of two deadlines kept."""
    monkeypatch.setattr(MIGRATION, "AT_ONCE", 1)
    flows.save(DOCUMENT + SECOND, now=NOON - timedelta(days=3))
    for number in range(30):
        record(trade(f"T{number}"), now=NOON + timedelta(seconds=30 + number))
    record(trade("WARNED")[:3], now=NOON + timedelta(seconds=31))
    watcher.settle_due(now=NOON + timedelta(minutes=8))
    record([*trade("WARNED"), *trade("IN FLIGHT")[:2]], now=NOON + timedelta(minutes=9))
    return known()


def known():
    return [vars(one) for one in deadlines()], recorded()


def test_there_and_back_nothing_is_lost(events):
    assert Journey.objects.filter(kept__isnull=False).count() == 32
    rows = Deadline.objects.count()
    assert rows == 2

    there = migrate(BEFORE).get_model("tracking", "Deadline").objects
    assert there.count() == 64
    assert there.filter(decided_at__isnull=False).count() == 62

    migrate()
    assert Deadline.objects.count() == rows
    assert Terms.objects.count() == 2
    assert known() == events
