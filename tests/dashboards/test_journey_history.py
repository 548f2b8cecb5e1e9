"""What happened to an event, as its page tells it: verdicts, alerts, and what people did."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from dashboards.journey_data import look
from dashboards.journey_history import history
from slatrack.alerting import incidents, routing
from slatrack.alerting.models import Incident
from slatrack.tracking import watcher
from tests.dashboards.recorded import save_flow, trade
from tests.dashboards.signed_in import client

pytestmark = pytest.mark.django_db
PAGE = "/flows/trade-reporting/journeys/T-1"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def incident():
    """The incident of an event that has missed its deadline."""
    save_flow()
    trade("T-1", "received", "accepted", ago=1800)
    watcher.settle_due(now=datetime.now(UTC))
    routing.take_up(None, now=datetime.now(UTC))
    return Incident.objects.get()


def told():
    found = look("trade-reporting", "T-1", now=datetime.now(UTC))
    assert found is not None
    return [one.text for one in history(found)]


def test_who_took_it_on_when_and_why_is_told_with_the_alerts(incident):
    now = datetime.now(UTC)
    alice = User.objects.create(username="alice")
    incidents.snooze(incident, until=now + timedelta(minutes=20), by=alice, now=now)
    later = now + timedelta(seconds=1)
    incidents.acknowledge(incident, by=alice, why="sink restarted", now=later)
    incidents.resolve(incident, by=alice, now=later + timedelta(seconds=1))

    number = f"Incident #{incident.pk}"
    assert told()[:3] == [
        f"{number} resolved by alice",
        f"{number} acknowledged by alice: sink restarted",
        f"{number} snoozed by alice for 20 min",
    ]
    assert f"Missed alert, incident #{incident.pk}" in told()


def test_what_was_done_before_this_event_joined_is_not_its_history(incident):
    alice = User.objects.create(username="alice")
    before = datetime.now(UTC) - timedelta(hours=1)
    incidents.acknowledge(incident, by=alice, now=before)
    assert not [text for text in told() if "alice" in text]


def test_a_reason_stays_text_on_the_page(incident):
    person = User.objects.create(username="bob")
    incidents.acknowledge(incident, by=person, why=HOSTILE, now=datetime.now(UTC))
    html = client("viewer").get(PAGE).content.decode()
    assert "acknowledged by bob: &lt;img" in html
    assert "<img src=x" not in html
    assert f"/alerts/{incident.pk}" in html


def test_an_event_on_time_all_along_says_so():
    save_flow()
    trade("T-1", ago=120)
    assert told()[0] == "report within 15 minutes v1: waiting → met"
