"""Which deadlines are forecast where very many events are in flight."""

from datetime import timedelta

import pytest

from slatrack.tracking import open_deadlines as there
from slatrack.tracking.flows import current
from tests import factories as make
from tests.spans import NOON

pytestmark = pytest.mark.django_db


def stands(due: float, **fields) -> str:
    """Have an event stand that is due so many minutes after noon; return its key."""
    fields = {"due_at": NOON + timedelta(minutes=due), **fields}
    row = make.new_journey(flow=make.flow(), **fields)
    row.save()
    make.deadline(row)
    return row.key


def keys(minutes: float = 0) -> list[str]:
    found = there.open_deadlines(current(), now=NOON + timedelta(minutes=minutes))
    names = dict(there.models.Journey.objects.values_list("id", "key"))
    return [names[one.journey_id] for one in found]


def test_those_due_next_come_first_and_the_overdue_last_the_latest_of_them_ahead():
    late, later, soon, long_ago = stands(10), stands(20), stands(1), stands(-30)
    just_now = stands(-1)

    assert keys() == [soon, late, later, just_now, long_ago]


def test_however_many_are_overdue_what_is_still_to_come_is_forecast(monkeypatch):
    monkeypatch.setattr(there, "MOST", 3)
    overdue = [stands(-minutes) for minutes in (1, 2, 3, 4)]
    coming = [stands(5), stands(6)]

    assert keys() == [*coming, overdue[0]]


def test_what_has_ended_or_has_no_clock_yet_is_left_out():
    stands(10, ended_at=NOON, status="done")
    waits = stands(11)
    unclocked = make.new_journey(flow=make.flow(), due_at=NOON + timedelta(minutes=12))
    unclocked.save()
    make.deadline(unclocked, started_at=None)

    assert keys() == [waits]


def test_deadlines_are_read_a_few_at_a_time_and_none_is_left_out(monkeypatch):
    rests: list[float] = []
    monkeypatch.setattr(there, "AT_ONCE", 2)
    monkeypatch.setattr(there.time, "sleep", rests.append)
    coming = [stands(minutes) for minutes in range(1, 6)]

    assert keys() == coming
    assert rests == [there.PAUSE] * 2
