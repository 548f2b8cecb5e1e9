import pytest
from django.db import InterfaceError, OperationalError

from slatrack.alerting import routing
from slatrack.alerting.models import Alert, Delivery, Incident
from slatrack.tracking.models import Flip, UnroutedFlip
from tests import factories as make
from tests.alerting.told import DUE, NOW, channel, event, met, missed, route, told, warned
from tests.away import away

pytestmark = pytest.mark.django_db


def test_a_missed_deadline_opens_an_incident_and_is_told_to_every_channel():
    channel("desk"), channel("pager"), channel("old", enabled=False)

    incident = route(missed(event()))

    assert (incident.state, incident.rung, incident.severity) == ("open", "missed", "critical")
    assert (incident.events, incident.open_events) == (1, 1)
    assert incident.earliest_due_at == DUE
    assert sorted(Delivery.objects.values_list("channel__name", flat=True)) == ["desk", "pager"]
    [change] = incident.changes.all()
    assert (change.before, change.after, change.by) == ("", "open", None)


def test_taking_the_same_flips_up_again_changes_nothing():
    channel()
    flip = missed(event())
    route(flip)

    assert routing.take_up([flip.pk], now=NOW) == 0
    assert routing.take_up(None, now=NOW) == 0
    assert (Alert.objects.count(), Delivery.objects.count()) == (1, 1)


def test_two_watchers_that_saw_the_same_miss_make_one_alert():
    channel()
    row = event()

    route(missed(row), missed(row))

    assert Alert.objects.count() == 1
    assert told() == ["opened missed"]
    assert not UnroutedFlip.objects.exists()


def test_flips_without_ids_are_found_oldest_first_and_all():
    for _ in range(3):
        missed(event())

    assert routing.take_up(None, now=NOW) == 3


def test_each_rung_of_one_event_is_told_once_and_in_one_incident():
    channel()
    row = event()

    for flip in (warned(row, 1), warned(row, 2), missed(row)):
        incident = route(flip)

    assert told() == ["opened due_soon", "worse due_soon", "worse missed"]
    assert incident.events == 1
    assert list(Alert.objects.order_by("id").values_list("rung", "warning")) == [
        ("due_soon", 1),
        ("due_soon", 2),
        ("missed", 0),
    ]


def test_an_event_that_moved_on_stays_with_its_incident():
    row = event(step="accepted")
    first = route(warned(row))
    row.step = "enriched"
    row.save()

    assert route(missed(row)) == first


def test_events_stuck_elsewhere_make_another_incident():
    missed(event(step="accepted"))
    missed(event(step="enriched"))

    routing.take_up(None, now=NOW)

    assert sorted(Incident.objects.values_list("step", "events")) == [
        ("accepted", 1),
        ("enriched", 1),
    ]


def test_more_events_of_the_same_cause_are_counted_and_not_told():
    channel()
    route(missed(event()))

    incident = route(missed(event()), missed(event()))

    assert incident.events == 3
    assert told() == ["opened missed"]


def test_a_miss_withholds_the_warning_that_was_not_sent_yet():
    channel()
    row = event()
    route(warned(row))

    route(missed(row))

    assert told(state="superseded") == ["opened due_soon"]
    assert told(state="pending") == ["worse missed"]


def test_an_event_that_is_met_needs_no_alert_and_no_warning_any_more():
    channel()
    row = event()
    route(warned(row))

    route(met(row, before="waiting"))

    assert Alert.objects.count() == 1
    assert told(state="superseded") == ["opened due_soon"]


def test_a_warning_ends_when_the_event_is_due():
    channel()
    route(warned(event()))

    assert Delivery.objects.get().expires_at == DUE


def test_unknown_is_recorded_but_calls_nobody():
    channel()
    flip = make.flip(event(), "verdict", "waiting", "unknown")

    routing.take_up([flip.pk], now=NOW)

    alert = Alert.objects.get()
    assert (alert.rung, alert.incident) == ("unknown", None)
    assert told() == []


@pytest.mark.parametrize(
    ("before", "after", "rung"),
    [("missed", "met", "cleared"), ("missed", "missed", "arrived_late")],
)
def test_late_proof_joins_the_incident_and_calls_nobody(before, after, rung):
    channel()
    row = event()
    incident = route(missed(row))

    route(make.flip(row, "verdict", before, after, reason="reached late"))

    assert list(incident.alerts.values_list("rung", flat=True)) == ["missed", rung]
    assert told() == ["opened missed"]


@pytest.mark.parametrize("after", ["failed", "lost"])
def test_failed_and_lost_events_have_an_incident_of_their_own(after):
    row = make.journey(status=after)

    incident = route(make.flip(row, "status", "in_flight", after))

    assert (incident.deadline, incident.rung, incident.open_events) == ("", after, 1)
    assert incident.severity == "warning"


def test_a_new_version_of_a_rule_has_a_ladder_of_its_own_in_the_same_incident():
    channel()
    row = event()
    first = route(warned(row, 1, version=1))

    second = route(warned(row, 1, version=2), missed(row, version=2))

    assert first == second
    assert Alert.objects.filter(journey=row).count() == 3


def test_a_watcher_that_was_down_over_the_due_time_marks_the_alert_late():
    row = event()

    route(missed(row, recorded_at=DUE + make.minutes(10)), now=DUE + make.minutes(10))

    alert = Alert.objects.get()
    assert (alert.at, alert.late) == (DUE, True)


def test_an_alert_within_the_grace_is_not_late():
    row = event()
    row.deadlines.update(grace_seconds=600.0)

    route(missed(row, recorded_at=DUE + make.minutes(10)))

    assert not Alert.objects.get().late


def test_one_flow_in_trouble_does_not_hide_another():
    missed(event())
    missed(event(flow=make.flow("payments")))

    routing.take_up(None, now=NOW)

    assert Incident.objects.count() == 2


def test_no_change_is_history_twice(caplog):
    row = event()
    first, again = (missed(row, number=1) for _ in range(2))

    assert routing.take_up(None, now=NOW) == 1

    assert list(UnroutedFlip.objects.all()) == [again]
    assert [one.number for one in Flip.objects.all()] == [first.number]
    assert Alert.objects.count() == 1
    assert f"flip {again.pk} cannot be taken up" in caplog.text


def test_one_bad_flip_stops_no_other(caplog):
    flips = [missed(event(), recorded_at=DUE + make.minutes(10)) for _ in range(4)]
    bad = flips[2]
    bad.journey.deadlines.update(grace_seconds=1e300)  # no duration is that long

    assert routing.take_up(None, now=NOW) == 3

    assert list(UnroutedFlip.objects.all()) == [bad]
    assert f"flip {bad.pk} cannot be taken up" in caplog.text


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_a_database_that_is_away_is_no_flips_fault(error, caplog):
    flip = missed(event())

    with away(error, "INSERT"), pytest.raises(type(error)):
        routing.take_up(None, now=NOW)

    assert not caplog.records
    assert routing.take_up(None, now=NOW) == 1
    assert not UnroutedFlip.objects.filter(pk=flip.pk).exists()
