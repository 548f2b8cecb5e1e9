"""Backtests in the API: started, looked at, stopped; refused with the reason."""

from datetime import UTC, datetime, timedelta

import pytest

from slatrack.tracking import backtesting
from slatrack.tracking.models import Backtest
from tests.dashboards.recorded import save_flow, trade
from tests.dashboards.signed_in import client

pytestmark = pytest.mark.django_db

NAME = "report within 15 minutes"
SHORT = {"kind": "duration", "from": "ingress", "amount": "PT30S"}


@pytest.fixture
def author():
    save_flow(now=datetime.now(UTC) - timedelta(days=1))
    trade("T1", ago=3000)
    return client("author")


def post(browser, path="/api/rules/backtest", **body):
    return browser.post(f"{path}", body, content_type="application/json")


def test_a_rule_over_history_beside_the_one_in_force(author):
    answer = post(author, flow="trade-reporting", deadline=NAME, rule=SHORT)
    assert answer.status_code == 202
    started = answer.json()
    assert (started["state"], started["deadline"]) == ("queued", NAME)
    assert started["document"]["until"] == "reported"  # of the one in force
    assert started["document"]["rule"] == SHORT

    backtesting.carry_on(started["id"], clock=lambda: datetime.now(UTC))

    done = author.get(started["url"]).json()
    assert (done["state"], done["events_done"], done["events_total"]) == ("finished", 1, 1)
    result = done["result"]
    assert (result["missed"], result["newly_missed"], result["alerts"]) == (1, 1, 1)
    assert result["changes"] == [{"in_force": "met", "tried": "missed", "events": 1}]
    assert result["lists"]["newly_missed"][0]["key"] == "T1"
    assert sum(bar["late"] for bar in result["histogram"]) == 1
    assert author.get("/api/rules/backtests").json()["items"][0]["id"] == started["id"]


def test_a_deadline_that_is_not_there_yet(author):
    body = {"flow": "trade-reporting", "deadline": "new", "rule": SHORT, "until": "enriched"}
    started = post(author, **body).json()
    backtesting.carry_on(started["id"], clock=lambda: datetime.now(UTC))
    result = author.get(started["url"]).json()["result"]
    assert result["changes"] == [{"in_force": None, "tried": "met", "events": 1}]


def test_only_the_events_of_the_time_asked_for(author):
    before = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    body = {"flow": "trade-reporting", "deadline": NAME, "started_before": before}
    started = post(author, **body).json()
    backtesting.carry_on(started["id"], clock=lambda: datetime.now(UTC))
    assert author.get(started["url"]).json()["result"]["events"] == 0


def test_it_is_stopped_and_stays_so(author):
    started = post(author, flow="trade-reporting", deadline=NAME).json()
    for _ in range(2):
        stopped = author.post(f"{started['url']}/stop").json()
        assert stopped["state"] == "stopped"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"flow": "nothing", "deadline": "x"}, 404, "no flow"),
        ({"flow": "trade-reporting", "deadline": "new"}, 422, "rule"),
        (
            {"flow": "trade-reporting", "deadline": NAME, "rule": {"kind": "durations"}},
            422,
            "duration",
        ),
        (
            {"flow": "trade-reporting", "deadline": NAME, "started_since": "2026-01-01T00:00:00"},
            422,
            "time zone",
        ),
        (
            {
                "flow": "trade-reporting",
                "deadline": NAME,
                "started_since": "2026-02-01T00:00:00Z",
                "started_before": "2026-01-01T00:00:00Z",
            },
            422,
            "before",
        ),
    ],
)
def test_what_cannot_be_tried_says_why(author, body, status, said):
    answer = post(author, **body)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True)
    assert not Backtest.objects.exists()


def test_too_many_are_refused(author, monkeypatch):
    monkeypatch.setattr(backtesting, "MOST_OPEN", 0)
    assert post(author, flow="trade-reporting", deadline=NAME).status_code == 429


def test_viewers_read_authors_start(author):
    started = post(author, flow="trade-reporting", deadline=NAME).json()
    viewer = client("viewer")
    assert viewer.get(started["url"]).status_code == 200
    assert viewer.get("/api/rules/backtests").status_code == 200
    assert post(viewer, flow="trade-reporting", deadline=NAME).status_code == 403
    assert viewer.post(f"{started['url']}/stop").status_code == 403
    assert client("").get(started["url"]).status_code == 403
    assert author.get("/api/rules/backtests/999999").status_code == 404
