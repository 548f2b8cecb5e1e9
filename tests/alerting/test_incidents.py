from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from slatrack.alerting import incidents, routing, sweeping
from slatrack.alerting.models import Incident
from tests import factories as make
from tests.alerting.told import NOW, channel, event, met, missed, route, told, warned

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def alice():
    return User.objects.create(username="alice")


@pytest.fixture
def bob():
    return User.objects.create(username="bob")


def test_who_acknowledges_owns_it_and_the_record_says_why(alice):
    incident = route(missed(event()))

    assert incidents.acknowledge(incident, by=alice, why="on it", now=NOW)

    incident.refresh_from_db()
    assert (incident.state, incident.owner) == ("acknowledged", alice)
    change = incident.changes.last()
    assert (change.before, change.after, change.by, change.why, change.at) == (
        "open",
        "acknowledged",
        alice,
        "on it",
        NOW,
    )


def test_acknowledging_twice_changes_nothing_but_another_may_take_over(alice, bob):
    incident = route(missed(event()))

    assert incidents.acknowledge(incident, by=alice, now=NOW)
    assert not incidents.acknowledge(incident, by=alice, now=NOW)
    assert incidents.acknowledge(incident, by=bob, now=NOW)
    assert incident.changes.count() == 3


def test_nobody_is_paged_after_the_acknowledgement(alice):
    channel()
    row = event()
    incident = route(warned(row))
    incidents.acknowledge(incident, by=alice, now=NOW)

    route(missed(row), missed(event()))

    assert told(state="pending") == []
    assert told(state="superseded") == ["opened due_soon"]
    incident.refresh_from_db()
    assert (incident.rung, incident.events, incident.state) == ("missed", 2, "acknowledged")


def test_acknowledging_a_resolved_incident_leaves_it_resolved(alice, bob):
    incident = route(missed(event()))
    incidents.resolve(incident, by=alice, why="fixed", now=NOW)

    assert not incidents.acknowledge(incident, by=bob, now=NOW)
    assert not incidents.snooze(incident, until=NOW + HOUR, by=bob, now=NOW)
    incident.refresh_from_db()
    assert (incident.state, incident.owner, incident.resolved_at) == ("resolved", alice, NOW)


def test_a_snooze_that_ended_while_everything_was_down_pages_once(alice):
    channel()
    incident = route(missed(event()))
    incidents.snooze(incident, until=NOW + HOUR, by=alice, now=NOW)

    assert sweeping.sweep(now=NOW + HOUR / 2).resumed == 0
    assert sweeping.sweep(now=NOW + 9 * HOUR).resumed == 1
    assert sweeping.sweep(now=NOW + 9 * HOUR).resumed == 0

    assert told(state="pending") == ["resumed missed"]
    incident.refresh_from_db()
    assert (incident.state, incident.until) == ("open", None)


def test_an_acknowledgement_ends_after_its_time_and_pages_once(alice):
    channel()
    incident = route(missed(event()))
    incidents.acknowledge(incident, by=alice, now=NOW)

    sweeping.sweep(now=NOW + incidents.ACK_HOLDS)

    assert told(state="pending") == ["resumed missed"]


def test_a_snooze_into_the_past_is_refused(alice):
    incident = route(missed(event()))

    with pytest.raises(ValueError, match="future"):
        incidents.snooze(incident, until=NOW, by=alice, now=NOW)


def test_a_snooze_of_what_is_over_meanwhile_pages_nobody(alice):
    channel()
    row = event()
    incident = route(missed(row))
    incidents.snooze(incident, until=NOW + HOUR, by=alice, now=NOW)
    route(met(row))

    sweeping.sweep(now=NOW + HOUR)

    assert told(state="pending") == []


def test_an_incident_is_resolved_once_all_its_events_are_over_and_quiet():
    channel()
    one, other = event(), event()
    incident = route(missed(one), missed(other))
    incident.deliveries.update(state="sent")
    route(met(one))
    assert sweeping.sweep(now=NOW + HOUR).resolved == 0

    route(met(other))

    assert sweeping.sweep(now=NOW + timedelta(minutes=1)).resolved == 0
    assert sweeping.sweep(now=NOW + HOUR).resolved == 1
    incident.refresh_from_db()
    assert (incident.state, incident.open_events) == ("resolved", 0)
    assert incident.changes.last().why == "all its events are over"
    assert told(state="pending") == ["resolved missed"]


def test_nobody_hears_that_it_is_over_who_never_heard_that_it_began():
    channel()
    row = event()
    route(missed(row))
    route(met(row))

    sweeping.sweep(now=NOW + HOUR)

    assert told(state="superseded") == ["opened missed"]
    assert told(state="pending") == []


def test_a_failed_event_keeps_its_incident_until_it_recovers():
    row = make.journey(status="failed")
    incident = route(make.flip(row, "status", "in_flight", "failed"))
    assert sweeping.sweep(now=NOW + HOUR).resolved == 0

    row.status = "done"
    row.save()

    assert sweeping.sweep(now=NOW + HOUR).resolved == 1
    incident.refresh_from_db()
    assert incident.state == "resolved"


def test_it_opens_again_when_new_events_join_soon(alice):
    channel()
    incident = route(missed(event()))
    incidents.resolve(incident, by=alice, now=NOW)

    again = route(missed(event()), now=NOW + timedelta(minutes=30))

    assert again == incident
    assert again.events == 2
    assert told(state="pending") == ["reopened missed"]
    assert again.changes.last().why == "new events of the same cause"


def test_much_later_the_same_cause_is_a_new_incident(alice):
    incident = route(missed(event()))
    incidents.resolve(incident, by=alice, now=NOW)

    assert route(missed(event()), now=NOW + 2 * HOUR) != incident


def test_many_are_acknowledged_at_once(alice):
    for step in ("accepted", "enriched"):
        missed(event(step=step))
    routing.take_up(None, now=NOW)

    assert incidents.acknowledge_all(Incident.objects.all(), by=alice, now=NOW) == 2
