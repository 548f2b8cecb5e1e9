"""What is not alike is in no crowd, and what was decided or is held by another is left out of it.

Only PostgreSQL routes flips together; elsewhere this holds because there is one way only.
"""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from slatrack.alerting import crowds, routing
from slatrack.alerting.models import Alert, Delivery, Incident
from slatrack.domain.ladder import rung_of
from slatrack.tracking.models import UnroutedFlip
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


def test_of_an_event_with_two_flips_that_wait_the_order_counts():
    rows = events(3)
    for change in (MISSED, WARNED):
        for row in rows:
            make.flip(row, *change, recorded_at=NOW)

    routing.take_up(None, now=NOW)

    assert list(Alert.objects.values_list("rung", flat=True)) == ["missed"] * 3


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


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        (MISSED, {"flow": "another"}),
        (MISSED, {"deadline": "another"}),
        (MISSED, {"step": "another"}),
        (MISSED, {"severity": "warning"}),
        (WARNED, {}),
        (("verdict", "waiting", "unknown"), {}),
        (("verdict", "missed", "missed"), {}),
    ],
    ids=["flow", "deadline", "step", "severity", "a warning", "nothing known", "arrived late"],
)
def test_what_is_alike_but_for_one_part_is_another_crowd(change, fields):
    said = {name: value for name, value in fields.items() if name != "flow"}
    flow = make.flow(fields.get("flow", "trade-reporting"))
    others = [event(flow=flow) for _ in range(3)]
    flips = [make.flip(row, *MISSED, recorded_at=NOW) for row in events(3)]
    flips += [make.flip(row, *change, recorded_at=NOW, **said) for row in others]

    routing.take_up(None, now=NOW)

    for flip in flips:
        alert = Alert.objects.get(journey=flip.journey, at=flip.at)
        assert (alert.rung, alert.warning) == rung_of(flip.about, flip.before, flip.after)
        assert (alert.severity, alert.step) == (flip.severity, flip.step)
        joined, its = alert.incident, (flip.journey.flow, flip.deadline, flip.step)
        assert joined is None or (joined.flow, joined.deadline, joined.step) == its


def test_an_incident_of_another_deadline_makes_no_crowd():
    """All of these failed together; of the deadline only the first are in an incident."""
    rows = events(4)
    take_up(rows[:2], WARNED, step="a")
    take_up(rows, ("status", "in_flight", "failed"), step="a")

    take_up(rows, MISSED, step="b")

    found = Alert.objects.filter(rung="missed").values_list("journey", "incident__step")
    assert dict(found) == {row.pk: step for row, step in zip(rows, "aabb", strict=True)}


def test_the_event_that_is_due_first_stands_for_its_crowd():
    channel()
    rows = events(3)
    for row, due, at, seen in zip(rows, (1, 0, 2), (2, 1, 0), (1, 0, 2), strict=True):
        times = {"due_at": DUE + due * MINUTE, "at": DUE + at * MINUTE}
        make.flip(row, *MISSED, recorded_at=NOW + seen * MINUTE, **times)

    routing.take_up(None, now=NOW + 3 * MINUTE)

    incident = Incident.objects.get()
    assert (incident.first_at, incident.last_at) == (DUE, NOW + 2 * MINUTE)
    assert Delivery.objects.get().alert.journey == rows[1]


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
                list(UnroutedFlip.objects.select_for_update().filter(pk=ids[0]))
                holding.set()
                done.wait(30)
            connection.close()

        other = threading.Thread(target=hold)
        other.start()
        try:
            assert holding.wait(30)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '1s'")
                claimed = crowds.claim(ids, after=0, limit=10)
        finally:
            done.set()
            other.join()

        assert (sorted(claimed.numbers()), claimed.number, claimed.last) == (ids[1:], 3, ids[3])
