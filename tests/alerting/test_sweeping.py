from datetime import timedelta

import pytest

from slatrack.alerting import routing, sweeping, tasks
from slatrack.alerting.models import Delivery, Incident
from slatrack.alerting.schedule import SCHEDULE
from slatrack.celery import app
from slatrack.tracking.models import Deadline
from tests.alerting.told import DUE, NOW, channel, event, missed, route

pytestmark = pytest.mark.django_db

LEASED = NOW + timedelta(seconds=30)
SECOND = timedelta(seconds=1)


@pytest.fixture
def asked(monkeypatch):
    """The deliveries that workers were asked for, as the broker would have them."""
    sent = []

    def keep(name, args, **options):
        sent.append((name, *args))

    monkeypatch.setattr(app, "send_task", keep)  # the broker is the outside
    return sent


def test_flips_whose_task_was_lost_are_found():
    missed(event())

    assert sweeping.sweep(now=NOW).flips == 1


def test_deliveries_whose_task_was_lost_are_asked_for_again(asked):
    channel()
    route(missed(event()))
    delivery = Delivery.objects.get()

    sweeping.sweep(now=NOW)

    assert asked == [("alerting.deliver", delivery.pk)]


def test_one_delivery_a_channel_is_asked_for_the_rest_follows(asked):
    channel("desk"), channel("pager")
    for step in ("accepted", "enriched"):
        missed(event(step=step))
    sweeping.sweep(now=NOW)
    asked.clear()

    assert sweeping.ring_due(now=NOW) == 2


def test_what_a_worker_holds_is_left_to_it_until_its_lease_ends(asked):
    channel()
    route(missed(event()))
    Delivery.objects.update(leased_until=LEASED)

    assert sweeping.ring_due(now=NOW) == 0
    assert sweeping.ring_due(now=LEASED + timedelta(seconds=1)) == 1


def test_what_is_not_due_yet_is_not_asked_for(asked):
    channel()
    route(missed(event()))
    Delivery.objects.update(next_attempt_at=NOW + timedelta(seconds=5))

    assert sweeping.ring_due(now=NOW) == 0


def test_workers_are_asked_once_the_decision_is_committed(
    asked, django_capture_on_commit_callbacks
):
    channel()
    with django_capture_on_commit_callbacks(execute=True):
        route(missed(event()))
        assert asked == []

    assert asked == [("alerting.deliver", Delivery.objects.get().pk)]


def test_a_broker_that_is_away_stops_nothing(monkeypatch, django_capture_on_commit_callbacks):
    def fail(*args, **options):
        raise ConnectionRefusedError("no broker")

    monkeypatch.setattr(app, "send_task", fail)
    channel()

    with django_capture_on_commit_callbacks(execute=True):
        route(missed(event()))

    assert Delivery.objects.get().state == "pending"


def test_tasks_have_the_names_that_tracking_and_beat_call_them_by():
    assert {"alerting.route_flips", "alerting.deliver", "alerting.sweep"} <= set(app.tasks)
    assert {entry["task"] for entry in SCHEDULE.values()} <= set(app.tasks)


def test_the_task_takes_up_the_flips_it_is_told_of():
    flip = missed(event())

    assert tasks.route_flips([flip.pk]) == 1


def test_large_incidents_are_counted_less_often_the_longer_it_takes(monkeypatch):
    clock = iter(range(100))  # to count them takes a second
    monkeypatch.setattr(sweeping.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(sweeping, "LARGE", 2)
    large = [event(step="accepted") for _ in range(3)]
    small = event(step="enriched")
    routing.take_up([missed(one).pk for one in (*large, small)], now=NOW)
    rest = timedelta(seconds=sweeping.RESTS)

    def over(*rows, now):
        Deadline.objects.filter(journey__in=rows).update(reached_at=DUE)
        sweeping.settle_incidents(now=now)
        return list(Incident.objects.order_by("-events").values_list("open_events", flat=True))

    assert over(now=NOW) == [3, 1]
    assert over(large[0], small, now=NOW + rest - SECOND) == [3, 0]  # a small one waits for none
    assert over(now=NOW + rest) == [2, 0]


def test_an_incident_that_is_over_is_resolved_though_it_is_large(monkeypatch):
    monkeypatch.setattr(sweeping, "LARGE", 1)
    rows = [event() for _ in range(2)]
    incident = route(*[missed(one) for one in rows])
    Deadline.objects.update(reached_at=DUE)
    sweeping.settle_incidents(now=NOW)

    assert sweeping.settle_incidents(now=NOW + sweeping.QUIET + SECOND) == 1

    incident.refresh_from_db()
    assert (incident.state, incident.open_events) == ("resolved", 0)
