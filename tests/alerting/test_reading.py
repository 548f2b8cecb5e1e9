from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from slatrack.alerting import health, incidents, reading, routing
from slatrack.alerting.models import Delivery, Incident
from tests import factories as make
from tests.alerting.told import NOW, channel, event, missed, route

pytestmark = pytest.mark.django_db


@pytest.fixture
def many():
    """Five incidents, at five steps, one second apart; the newest last."""
    for number in range(5):
        missed(event(step=f"step-{number}"), recorded_at=NOW + timedelta(seconds=number))
    routing.take_up(None, now=NOW)
    return list(Incident.objects.order_by("last_at"))


def test_counts_name_every_state(many):
    incidents.resolve(many[0], by=User.objects.create(username="alice"), now=NOW)

    assert reading.open_count() == 4
    assert reading.counts() == {"open": 4, "acknowledged": 0, "snoozed": 0, "resolved": 1}


def test_pages_of_incidents_meet_without_gap_or_overlap(many):
    first = reading.incidents("open", limit=2)
    second = reading.incidents("open", limit=2, cursor=first.cursor)
    last = reading.incidents("open", limit=2, cursor=second.cursor)

    found = [*first.incidents, *second.incidents, *last.incidents]
    assert found == many[::-1]
    assert last.cursor is None


def test_incidents_are_filtered_by_flow(many):
    assert reading.incidents(flow="payments").incidents == []
    assert len(reading.incidents(flow="trade-reporting").incidents) == 5


@pytest.mark.parametrize("cursor", ["x", "2026-11-20_1", "_", "2026-11-20T12:00:00+00:00_x"])
def test_a_cursor_of_somebody_elses_making_is_an_error(cursor):
    with pytest.raises(ValueError, match=r".*"):
        reading.incidents(cursor=cursor)


def test_events_in_flight_come_first(many):
    done = make.journey(ended_at=NOW, status="done", step="step-0")
    make.deadline(done)
    missed(done)
    routing.take_up(None, now=NOW)

    rows = reading.events(many[0].pk)
    keys = [row.key for row in rows]

    assert rows[1].newest_alert == done.alerts.get().pk
    assert len(keys) == 2
    assert keys[1] == done.key
    assert [row.key for row in reading.events(many[0].pk, offset=1)] == keys[1:]


def test_the_timeline_tells_transitions_deliveries_and_attempts_in_order():
    channel()
    incident = route(missed(event()))
    alice = User.objects.create(username="alice")
    incidents.acknowledge(incident, by=alice, why="mine", now=NOW + timedelta(minutes=1))

    entries = reading.timeline(incident.pk)

    assert [entry.kind for entry in entries] == ["change", "delivery", "change"]
    assert entries[-1].change.why == "mine"


def test_alerts_of_a_journey_carry_their_incident():
    row = event()
    incident = route(missed(row))

    [alert] = reading.alerts_of(row.pk)

    assert alert.incident == incident


def test_alerts_are_paged_newest_first(many):
    first = reading.alerts(limit=3)
    rest = reading.alerts(limit=3, before=first[-1].pk)

    assert [a.step for a in [*first, *rest]] == [f"step-{n}" for n in (4, 3, 2, 1, 0)]
    assert reading.alerts(flow="payments") == []


def test_channels_say_how_they_fare():
    channel("a")
    channel("b", enabled=False)
    channel("c", paused_at=NOW)
    channel("d", failures=2)
    channel("e", last_success_at=NOW)
    route(missed(event()))

    found = {entry.channel.name: entry for entry in health.channels()}

    assert {name: entry.state for name, entry in found.items()} == {
        "a": "unused",
        "b": "off",
        "c": "paused",
        "d": "failing",
        "e": "working",
    }
    assert (found["a"].pending, found["b"].pending, found["c"].failed) == (1, 0, 1)
    assert found["a"].oldest_pending_at == NOW
    assert health.undelivered() == {"pending": 3, "failed": 1}


def test_delivery_times_are_percentiles_from_decision_to_yes():
    target = channel()
    for number in range(100):
        Delivery.objects.create(
            key=f"k{number}",
            channel=target,
            news="opened",
            message={},
            state="sent",
            created_at=NOW,
            decided_at=NOW,
            delivered_at=NOW + timedelta(seconds=number + 1),
        )

    times = health.delivery_times(now=NOW + timedelta(hours=1))

    assert (times.count, times.p50, times.p95, times.p99) == (100, 50.0, 95.0, 99.0)
    assert health.delivery_times(now=NOW + timedelta(days=3)).p50 is None


def test_the_log_of_a_channel_is_newest_first():
    target = channel()
    for step in ("accepted", "enriched"):
        missed(event(step=step))
    routing.take_up(None, now=NOW)

    rows = [row for row, _ in health.deliveries(target.pk)]

    assert [row.pk for row in rows] == sorted((row.pk for row in rows), reverse=True)
    assert len(health.deliveries(target.pk, before=rows[0].pk)) == 1
