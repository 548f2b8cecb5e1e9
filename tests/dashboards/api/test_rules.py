import json

import pytest

from tests.dashboards.signed_in import client

pytestmark = pytest.mark.django_db

QUARTER = {"kind": "duration", "from": "ingress", "amount": "PT15M", "warn": [{"fraction": 0.5}]}
BY_ATTRIBUTE = {"kind": "duration", "from": "attr:executed", "amount": "PT1H"}
SWITCH = {
    "kind": "switch",
    "branches": [
        {"when": {"attr": "class", "in": ["bond"]}, "rule": QUARTER},
        {"rule": {"kind": "duration", "from": "ingress", "amount": "PT1M"}},
    ],
}


def ask(rule, start="2026-11-20T12:00:00Z", *, browser=None, **more):
    body = json.dumps({"rule": rule, "start": start, **more})
    browser = browser or client("viewer")
    return browser.post("/api/rules/due", body, content_type="application/json")


@pytest.mark.parametrize(
    ("rule", "more", "due_at"),
    [
        (QUARTER, {}, "2026-11-20T12:15:00.000Z"),
        (BY_ATTRIBUTE, {}, "2026-11-20T13:00:00.000Z"),
        (
            BY_ATTRIBUTE,
            {"attributes": {"executed": "2026-11-20T10:00:00Z"}},
            "2026-11-20T11:00:00.000Z",
        ),
        (SWITCH, {"attributes": {"class": "bond"}}, "2026-11-20T12:15:00.000Z"),
        (SWITCH, {}, "2026-11-20T12:01:00.000Z"),
    ],
)
def test_due(rule, more, due_at):
    assert ask(rule, **more).json()["due_at"] == due_at


def test_warnings_are_given():
    assert ask(QUARTER).json()["warnings"] == ["2026-11-20T12:07:30.000Z"]


def test_a_start_in_any_zone_counts():
    assert ask(QUARTER, "2026-11-20T13:00:00+01:00").json()["due_at"] == "2026-11-20T12:15:00.000Z"


def test_no_deadline_is_an_answer_with_its_reason():
    found = ask(BY_ATTRIBUTE, attributes={"executed": "soon"}).json()

    assert found["due_at"] is None
    assert "executed" in found["reasons"][0]


@pytest.mark.parametrize(
    ("rule", "start", "path", "reason"),
    [
        ({**QUARTER, "amount": "1 day"}, "2026-11-20T12:00:00Z", ["rule", "amount"], ""),
        ({"kind": "soon"}, "2026-11-20T12:00:00Z", ["rule", "kind"], "soon"),
        (QUARTER, "2026-11-20T12:00:00", None, "time zone"),
        (QUARTER, "noon", None, "start"),
    ],
)
def test_a_bad_question_names_the_field(rule, start, path, reason):
    answer = ask(rule, start)

    assert answer.status_code == 422
    assert reason in answer.json()["detail"]
    if path:
        assert answer.json()["problems"][0]["path"] == path


def test_templates_are_found_with_their_sources():
    viewer = client("viewer")
    found = viewer.get("/api/rules/templates", {"q": "gdpr 33"}).json()["items"]

    assert [one["template"] for one in found] == ["gdpr-article-33-72-hours"]
    [one] = found
    assert one["sentence"].startswith("Within 72 h of the event's aware_time.")
    assert one["source"]["act"] == "Regulation (EU) 2016/679 (GDPR), Article 33(1)"
    due = ask(one["rule"], "2026-10-30T20:00:00Z", browser=viewer).json()["due_at"]
    assert due == "2026-11-02T20:00:00.000Z"
    assert client("").get("/api/rules/templates").status_code == 403
