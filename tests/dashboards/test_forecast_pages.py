"""Forecasts on pages, in the API and on the board."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from dashboards.board_filter import BoardFilter
from dashboards.outlook_words import outlooks
from dashboards.queries_board import lanes
from dashboards.queries_flows import standings
from dashboards.queries_forecasts import score
from slatrack.tracking.models import Forecast, Outlook
from tests import factories
from tests.dashboards.signed_in import client
from tests.factories import minutes
from tests.tracking import forecast_world as world

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)


def at_risk(**fields):
    row = factories.journey(due_at=NOW + minutes(5), warn_at=NOW + minutes(2), **fields)
    factories.deadline(row)
    Forecast.objects.create(
        journey=row, flow=row.flow, deadline=row.deadline, version=1, started_at=row.started_at,
        due_at=row.due_at, sampled=True, at_risk=True, at_risk_at=NOW,
    )  # fmt: skip
    return row


def decided(number: int, probability: float, *, missed: bool, called: float | None = None):
    """A deadline of ten minutes whose forecast at half time was `probability`."""
    row = factories.journey(key=f"F-{number}", status="done", ended_at=NOW)
    start = factories.NOON
    return Forecast(
        journey=row, flow=row.flow, deadline=row.deadline, version=1, started_at=start,
        due_at=start + minutes(10), sampled=True, at_risk=False,
        at_risk_at=None if called is None else start + minutes(called),
        said=[[0.5, probability]], outcome="missed" if missed else "met",
        reached_at=None if missed else start + minutes(7), settled_at=NOW,
    )  # fmt: skip


def many_decided() -> None:
    rows = [decided(n, 0.1, missed=n % 10 == 0) for n in range(50)]
    rows += [decided(100 + n, 0.9, missed=n % 10 != 0, called=6) for n in range(50)]
    Forecast.objects.bulk_create(rows)


def view(**fields) -> Outlook:
    values = {
        "flow": factories.flow(), "deadline": "report", "until": "reported", "at": NOW,
        "read_to": NOW,
        "events": 500, "waiting": 412, "misses": 3.4, "pace": 1.0, "observed": 50,
        "expected": 48.2, "first_due_at": NOW + minutes(3), "last_due_at": NOW + minutes(20),
    }  # fmt: skip
    return Outlook(**{**values, **fields})


def test_what_is_at_risk_has_a_lane_and_counts():
    at_risk(key="risky")
    factories.journey(key="calm", due_at=NOW + minutes(6), warn_at=NOW + minutes(3))
    factories.journey(key="warned", due_at=NOW + minutes(1), warn_at=NOW - minutes(1))

    found = {one.name: [row.key for row in one.rows] for one in lanes(BoardFilter(), {}, now=NOW)}
    only = lanes(BoardFilter(show="at_risk"), {}, now=NOW)
    [tile] = standings(now=NOW, day_began=NOW - timedelta(hours=12))

    assert found == {"due_soon": ["warned"], "at_risk": ["risky"], "on_track": ["calm"]}
    assert [one.name for one in only] == ["due_soon", "at_risk"]
    assert tile.at_risk == 2


def test_a_row_at_risk_says_so():
    now = timezone.now()
    row = factories.journey(
        key="risky", started_at=now, due_at=now + minutes(9), warn_at=None, step_at=now
    )
    factories.deadline(row)
    Forecast.objects.create(
        journey=row, flow=row.flow, deadline=row.deadline, version=1, started_at=now,
        due_at=row.due_at, sampled=True, at_risk=True,
    )  # fmt: skip

    page = client("viewer").get("/").content.decode()

    assert 'id="lane-at_risk"' in page
    assert page.count("At risk</span>") >= 1


def test_the_score_compares_with_naive_ways():
    many_decided()

    found = score(factories.flow())

    assert (found.deadlines, found.missed, found.said) == (100, 50, 100)
    assert found.error == pytest.approx(0, abs=1e-9)
    assert found.brier == pytest.approx(0.09)
    assert found.brier_of_rate == pytest.approx(0.25)
    forecast, fixed, mean = (way.calling for way in found.ways)
    assert (forecast.called, forecast.rightly, forecast.false_alarms) == (50, 45, 5)
    assert (forecast.precision, forecast.recall, forecast.lead) == (0.9, 0.9, 240)
    assert (fixed.called, fixed.precision, fixed.recall, fixed.lead) == (50, 1, 1, 120)
    assert (mean.called, mean.precision, mean.recall) == (0, None, 0)


def test_the_page_of_the_score():
    many_decided()

    page = client("viewer").get("/flows/trade-reporting/forecasts").content.decode()

    assert "What was said lay 0.0 percentage points from what came on average" in page
    assert "over 100 forecasts of 100 deadlines" in page
    assert "At 80 % of the allowed time" in page


def test_the_page_without_a_score_says_what_it_waits_for():
    factories.flow()

    page = client("viewer").get("/flows/trade-reporting/forecasts").content.decode()

    assert "No forecast has been decided yet" in page
    assert "Once 20 events of this flow have arrived" in page


def test_a_score_of_few_says_so():
    Forecast.objects.bulk_create([decided(1, 0.1, missed=False)])

    page = client("viewer").get("/flows/trade-reporting/forecasts").content.decode()

    assert "With 1 deadline these figures say little yet" in page
    assert "None of them was missed" in page


def test_the_score_is_for_those_who_may_see_flows(client):
    factories.flow()
    assert client.get("/flows/trade-reporting/forecasts").status_code == 302


@pytest.mark.parametrize(
    ("fields", "before", "after"),
    [
        ({"stopped_at": NOW - minutes(1)}, "412 events will miss", "if reported stays stopped"),
        ({}, "About 3 of 412 events will miss", ""),
        ({"misses": 0.2, "first_due_at": None}, "None of 412 events is likely to miss", ""),
        ({"misses": 0.0, "waiting": 0, "first_due_at": None}, "No event is waiting", ""),
        ({"events": 7}, "Too little history to forecast", ""),
        ({"at": NOW - minutes(3)}, "Nothing has been forecast for 3 min", ""),
    ],
)
def test_who_will_be_late_in_words(fields, before, after):
    [told] = outlooks([view(**fields)], now=NOW)

    assert (told.before, told.after) == (before, after)


def test_while_a_sink_is_stopped_the_flow_says_when_who_will_miss():
    now = timezone.now()
    view(
        at=now, read_to=now, stopped_at=now - minutes(1), first_due_at=now + minutes(3),
        last_due_at=now + minutes(20),
    ).save()  # fmt: skip

    page = client("viewer").get("/flows/trade-reporting/forecasts").content.decode()

    assert "412 events will miss" in page
    assert "nothing has arrived for 1 min, where 48 should have by history" in page.lower()


def test_the_api_tells_outlook_and_score():
    view(stopped_at=NOW - minutes(1)).save()
    many_decided()

    found = client("viewer").get("/api/flows/trade-reporting/forecast").json()

    [one] = found["items"]
    assert (one["waiting"], one["will_miss"]) == (412, 412)
    assert found["score"]["calibration_error"] == pytest.approx(0, abs=1e-9)
    assert [way["way"] for way in found["score"]["ways"]] == ["forecast", "fixed", "mean"]


def test_a_journey_says_when_it_is_expected(monkeypatch):
    world.in_force()
    world.remember()
    world.record(world.begin("T1", world.LATER), now=world.at(world.LATER + 6))
    world.look(world.LATER + 45)
    monkeypatch.setattr(timezone, "now", lambda: world.at(world.LATER + 45))
    browser = client("viewer")

    found = browser.get("/api/flows/trade-reporting/journeys/T1").json()
    page = browser.get("/flows/trade-reporting/journeys/T1").content.decode()

    [deadline] = found["deadlines"]
    made = deadline["forecast"]
    assert 0.3 < made["p_miss"] < 1
    assert made["expected_at"] > "2026-11-20T12:20:45"
    assert made["last_safe_at"] < deadline["due_at"]
    assert made["basis"] == {
        "events": 60, "cohort": None, "hour": None, "sentence": "from 60 past events",
    }  # fmt: skip
    assert made["at_risk"] is True
    assert "likely to miss</b>" in page
    assert "From 60 past events" in page
    assert 'class="expected"' in page
