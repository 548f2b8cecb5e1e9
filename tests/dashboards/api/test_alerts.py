import json
from datetime import timedelta

import pytest
from django.utils import timezone

from slatrack.alerting.models import Alert, IncidentChange
from tests.dashboards.incidents import incident
from tests.dashboards.signed_in import client
from tests.factories import NOON, flow, journey, minutes

pytestmark = pytest.mark.django_db


def post(browser, row, what, **body):
    address = f"/api/incidents/{row.pk}/{what}"
    return browser.post(address, json.dumps(body), content_type="application/json")


def test_incidents_by_state_and_flow():
    incident(step="a")
    incident(step="b", state="resolved", last_at=NOON)
    incident(step="c", flow=flow("payments"), last_at=NOON + minutes(9))
    browser = client("viewer")

    def steps(query):
        return [i["step"] for i in browser.get(f"/api/incidents?{query}").json()["items"]]

    assert steps("") == ["c", "a", "b"]
    assert steps("state=open") == ["c", "a"]
    assert steps("flow=payments") == ["c"]
    assert browser.get("/api/incidents?state=asleep").status_code == 422
    assert browser.get("/api/incidents?cursor=made-up").status_code == 400


def test_incidents_come_in_pages():
    for number in range(3):
        incident(step=str(number), last_at=NOON + minutes(number))
    browser = client("viewer")

    first = browser.get("/api/incidents?limit=2").json()
    second = browser.get("/api/incidents", {"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [i["step"] for i in first["items"] + second["items"]] == ["2", "1", "0"]
    assert second["next_cursor"] is None


def test_acknowledging_twice_is_one_change_with_who_and_why():
    row, browser = incident(), client("operator")

    answers = [post(browser, row, "ack", why="restarting the sink").json() for _ in range(2)]

    assert [(a["state"], a["owner"]) for a in answers] == [("acknowledged", "operator")] * 2
    [change] = IncidentChange.objects.all()
    assert (change.by.username, change.why) == ("operator", "restarting the sink")


def test_snooze_needs_an_instant_to_come():
    row, browser = incident(), client("operator")
    until = (timezone.now() + timedelta(hours=1)).isoformat()

    assert "past" in post(browser, row, "snooze", until="2026-01-01T00:00:00Z").json()["detail"]
    assert "zone" in post(browser, row, "snooze", until="2036-01-01T00:00:00").json()["detail"]
    assert post(browser, row, "snooze", until=until).json()["state"] == "snoozed"


def test_resolve_and_then_acknowledge_stays_resolved():
    row, browser = incident(), client("operator")

    post(browser, row, "resolve")

    assert post(browser, row, "ack").json()["state"] == "resolved"


def test_who_may_not_act_changes_nothing():
    row, viewer = incident(), client("viewer")

    answers = [post(viewer, row, what).status_code for what in ("ack", "resolve")]

    assert answers == [403, 403]
    row.refresh_from_db()
    assert row.state == "open"


def test_an_unknown_incident_is_named():
    answer = client("viewer").get("/api/incidents/77")

    assert (answer.status_code, answer.json()["detail"]) == (404, "there is no incident 77")


def test_alerts_newest_first_in_pages():
    row = incident()
    for number in range(3):
        one = journey(key=f"T{number}")
        Alert.objects.create(
            journey=one,
            incident=row,
            deadline=one.deadline,
            version=1,
            rung="missed",
            severity="critical",
            at=NOON,
            decided_at=NOON,
            late=False,
        )
    browser = client("viewer")

    first = browser.get("/api/alerts?limit=2").json()
    second = browser.get(f"/api/alerts?limit=2&cursor={first['next_cursor']}").json()

    assert [a["key"] for a in first["items"] + second["items"]] == ["T2", "T1", "T0"]
    assert first["items"][0]["incident"] == row.pk
    assert second["next_cursor"] is None
    assert browser.get(f"/api/incidents/{row.pk}").json()["keys"][0]["flow"] == "trade-reporting"
