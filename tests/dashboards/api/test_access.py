"""Who may call the API: sessions with their CSRF proof, tokens within their scope."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from dashboards.models import ApiToken, Scope
from tests.dashboards.incidents import incident
from tests.dashboards.signed_in import client, person

pytestmark = pytest.mark.django_db


def bearer(role, scope):
    secret = ApiToken.issue(person(role), scope, now=timezone.now())
    return Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {secret}"})


def ack(browser, row):
    return browser.post(f"/api/incidents/{row.pk}/ack", "{}", content_type="application/json")


def test_without_a_session_or_token_the_answer_says_how_to_get_in():
    answer = Client().get("/api/flows")

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert "make_token" in answer.json()["detail"]


def test_a_wrong_token_is_nobody():
    answer = Client(headers={"authorization": "Bearer slt_made-up"}).get("/api/flows")

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api/flows",
        "/api/flows/trade-reporting",
        "/api/flows/trade-reporting/journeys",
        "/api/flows/trade-reporting/journeys/T1",
        "/api/flows/trade-reporting/journeys/T1/spans",
        "/api/alerts",
        "/api/incidents",
        "/api/incidents/1",
    ],
)
def test_a_person_without_rights_sees_nothing(path):
    answer = client("").get(path)

    assert answer.status_code == 403
    assert "permission" in answer.json()["detail"]


def test_a_token_may_do_no_more_than_its_scope():
    row = incident()

    refused = ack(bearer("operator", Scope.READ), row)

    assert refused.status_code == 403
    assert "may only read; `act` is needed" in refused.json()["detail"]


def test_a_token_may_do_no_more_than_its_user():
    assert ack(bearer("viewer", Scope.WRITE), incident()).status_code == 403


def test_a_token_needs_no_csrf_proof():
    row = incident()

    answer = ack(bearer("operator", Scope.ACT), row)

    assert answer.status_code == 200
    assert answer.json()["state"] == "acknowledged"
    assert answer.json()["owner"] == "operator"


def test_a_session_needs_a_csrf_proof_to_change_anything():
    row = incident()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person("operator"))

    assert browser.get("/api/incidents").status_code == 200
    assert ack(browser, row).status_code == 403
    row.refresh_from_db()
    assert row.state == "open"


def test_every_operation_asks_for_a_permission_and_is_documented():
    document = client("viewer").get("/api/openapi.json").json()

    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len(operations) >= 12
    assert all(one["security"] and one["summary"] and one["description"] for one in operations)
    assert Client().get("/api/docs").status_code == 302


def test_the_documentation_page_loads_nothing_from_elsewhere():
    page = client("viewer").get("/api/docs").content.decode()

    assert "://" not in json.dumps(page).replace("http://www.w3.org", "")
