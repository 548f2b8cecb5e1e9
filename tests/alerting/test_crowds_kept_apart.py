"""What is not alike is in no crowd, and what was decided or is held by another is left out of it.

Only PostgreSQL routes flips together; elsewhere this holds because there is one way only.
"""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from slatrack.alerting import crowds, routing
from slatrack.alerting.models import Alert, Incident
from slatrack.tracking.models import Flip
from tests import factories as make
from tests.alerting.told import DUE, NOW, channel, event, told

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
MISSED = ("verdict", "waiting", "missed")
WARNED = ("warning", "0", "1")


@pytest.fixture(autouse=True)
def few_are_a_crowd(monkeypatch, caplog):
    """Two make a crowd, and none that fails is left to be routed one by one unnoticed."""
    monkeypatch.setattr(routing, "MANY", 1)
    monkeypatch.setattr(crowds, "FEWEST", 2)
    yield
    assert caplog.get_records("call") == []


def take_up(rows, change, *, now=NOW, **fields):
    """Record the same of some events and route it."""
    ids = [make.flip(row, *change, recorded_at=now, **fields).pk for row in rows]
    assert routing.take_up(ids, now=now) == len(ids)


def events(count):
    return [event() for _ in range(count)]


def in_incidents():
    """Return how many events each incident has, by its step."""
    return dict(Incident.objects.order_by("id").values_list("step", "events"))


def test_who_was_told_that_it_was_missed_is_not_warned_any_more():
    channel()
    rows = events(3)
    take_up(rows, MISSED)

    take_up(rows, WARNED, now=NOW + MINUTE)

    assert set(Alert.objects.values_list("rung", flat=True)) == {"missed"}
    assert told() == ["opened missed"]


@pytest.mark.parametrize("change", [MISSED, WARNED], ids=["a miss", "a warning"])
def test_what_was_told_of_an_event_is_not_told_of_it_again(change):
    rows = events(6)
    take_up(rows[:3], change)

    take_up(rows, change, now=NOW + MINUTE)

    assert Alert.objects.filter(decided_at=NOW).count() == 3
    assert set(Alert.objects.filter(decided_at__gt=NOW).values_list("journey", flat=True)) == {
        row.pk for row in rows[3:]
    }
    assert in_incidents() == {"accepted": 6}


def test_another_version_of_the_rule_tells_it_once_more():
    rows = events(3)
    take_up(rows, MISSED)

    take_up(rows, MISSED, now=NOW + MINUTE, version=2)

    assert sorted(Alert.objects.values_list("version", flat=True)) == [1, 1, 1, 2, 2, 2]
    assert in_incidents() == {"accepted": 3}


def test_events_that_are_stuck_at_two_steps_are_two_crowds():
    rows = events(4)
    for row, step in zip(rows, ("a", "a", "b", "b"), strict=True):
        make.flip(row, *MISSED, step=step, recorded_at=NOW)

    routing.take_up(None, now=NOW)

    assert in_incidents() == {"a": 2, "b": 2}
    assert all(one.incident.step == one.step for one in Alert.objects.all())


def test_an_event_that_was_in_an_incident_before_it_comes_back_is_counted_once():
    rows = events(3)
    take_up(rows[:1], WARNED, step="b")
    take_up(rows, MISSED, step="a")
    resolve("b")
    take_up(rows, WARNED, now=NOW + MINUTE, step="a", version=2)
    resolve("a")

    take_up(rows, MISSED, now=NOW + 2 * MINUTE, step="b", version=2)

    there = Alert.objects.filter(incident__step="b").values_list("journey", flat=True)
    assert set(there) == {row.pk for row in rows}
    assert in_incidents()["b"] == 3


def resolve(step):
    Incident.objects.filter(step=step).update(state="resolved", resolved_at=NOW)


@pytest.mark.parametrize(
    ("change", "reason", "late"),
    [
        (MISSED, "", [True, True, False]),
        (WARNED, "", [True, True, False]),
        (MISSED, "reached late", [False] * 3),
        (("verdict", "waiting", "unknown"), "", [False] * 3),
    ],
    ids=["a miss", "a warning", "a step reached late", "nothing known"],
)
def test_late_is_what_silence_could_have_told_a_minute_after_its_grace(change, reason, late):
    rows = events(3)
    for row, grace in zip(rows, (0.0, 59.9, 60.0), strict=True):
        row.deadlines.update(grace_seconds=grace)
        make.deadline(row, name="another", grace_seconds=3600.0)

    take_up(rows, change, now=DUE + 2 * MINUTE, at=DUE, reason=reason)

    found = dict(Alert.objects.values_list("journey", "late"))
    assert [found[row.pk] for row in rows] == late


def test_a_minute_is_not_late_yet():
    rows = events(2)
    take_up(rows, MISSED, now=DUE + MINUTE, at=DUE)
    assert set(Alert.objects.values_list("late", flat=True)) == {False}


if connection.vendor == "postgresql":

    @pytest.mark.django_db(transaction=True)
    def test_flips_that_another_worker_holds_are_left_to_it_without_a_wait():
        ids = [make.flip(row, *MISSED, recorded_at=NOW).pk for row in events(4)]
        holding, done = threading.Event(), threading.Event()

        def hold():
            with transaction.atomic():
                list(Flip.objects.select_for_update().filter(pk=ids[0]))
                holding.set()
                done.wait(30)
            connection.close()

        other = threading.Thread(target=hold)
        other.start()
        try:
            assert holding.wait(30)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '1s'")
                claimed, _ = crowds.claim(ids)
        finally:
            done.set()
            other.join()

        assert sorted(map(int, claimed.strip("{}").split(","))) == ids[1:]
