"""What the map of a flow says: counts, times, what is stuck, in numbers and in words."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboards.flow_map import Known, flow_map
from dashboards.flow_map_words import of_leg, of_step
from dashboards.queries_leg_times import Measured, Times, measured
from dashboards.queries_places import Place, missed_at, places
from slatrack.tracking.models import Flow
from tests.dashboards.recorded import save_flow, trade
from tests.factories import NOON, flip, journey, minutes, taken_up
from tests.trades import DOCUMENT, trade_flow

ARCHIVED = "  - {step: archived, optional: true, match: {service: archive}, after: [enriched]}\n"
FORK = DOCUMENT.replace("deadlines:", f"{ARCHIVED}deadlines:")
SECOND = timedelta(seconds=1)


def known(places=None, measured=None, missed=None, usual=None):
    return Known(places or {}, measured or Measured(), missed or {}, usual or {}, NOON)


def shown(document=DOCUMENT, **fields):
    found = flow_map(trade_flow(document), known(**fields))
    steps = {step.name: step for step in found.steps}
    return steps, {(leg.before, leg.after): leg for leg in found.legs}


def test_a_flow_without_events_has_all_its_steps_and_legs():
    steps, legs = shown()

    assert list(steps) == ["received", "accepted", "enriched", "reported"]
    assert list(legs) == [
        ("received", "accepted"), ("accepted", "enriched"), ("enriched", "reported"),
    ]  # fmt: skip
    assert of_step(steps["received"]) == (
        "received, where events come in: 0 events here; not seen in the last hour"
    )


def test_events_are_at_the_step_and_wait_on_the_only_leg_that_leads_on():
    waiting, working = Place(40, late=2, at_risk=5, failed=1), Place(2, at_risk=1)
    steps, legs = shown(places={("accepted", False): waiting, ("accepted", True): working})

    assert steps["accepted"].here == Place(42, late=2, at_risk=6, failed=1)
    assert steps["accepted"].hue == "missed"
    assert "42 events here, 2 late, 1 failed, 6 at risk" in of_step(steps["accepted"])
    assert of_leg(legs["accepted", "enriched"]).startswith(
        "from accepted to enriched: 39 events waiting, 2 late"
    )
    assert steps["accepted"].query == "flow=trade-reporting&step=accepted"
    assert legs["accepted", "enriched"].query == "flow=trade-reporting&step=accepted&at=waiting"


def test_where_several_ways_lead_on_no_leg_claims_the_events():
    times = Measured(
        200, {"enriched": Times(200, 1, 2)}, {("enriched", "archived"): Times(50, 3, 4)}
    )
    steps, legs = shown(
        FORK,
        places={("enriched", False): Place(7, since=NOON - minutes(30))},
        measured=times,
        usual={("enriched", False): SECOND},
    )

    assert legs["enriched", "archived"].waiting is None
    assert legs["enriched", "archived"].share == 0.25
    assert "taken by 25 % of events" in of_leg(legs["enriched", "archived"])
    assert steps["enriched"].stuck
    assert steps["enriched"].hue == "at-risk"
    assert not any(leg.stuck for leg in legs.values())


@pytest.mark.parametrize(
    ("since", "usual", "stuck"),
    [
        (minutes(10), minutes(3), True),
        (minutes(9), minutes(3), False),  # not more than three times
        (SECOND * 59, SECOND, False),  # never before a minute
        (SECOND * 61, SECOND, True),
        (minutes(600), None, False),  # nobody knows what is usual
    ],
)
def test_a_leg_is_stuck_by_the_rule_of_the_board(since, usual, stuck):
    place = {("accepted", False): Place(3, since=NOON - since)}
    steps, legs = shown(places=place, usual=usual and {("accepted", False): usual})

    assert legs["accepted", "enriched"].stuck is stuck
    assert legs["accepted", "enriched"].hue == ("at-risk" if stuck else "")
    assert not steps["accepted"].stuck, "the leg tells it"


def test_a_stuck_leg_with_late_events_has_the_hue_of_missed():
    place = {("accepted", False): Place(3, late=1, since=NOON - minutes(5))}
    _, legs = shown(places=place, usual={("accepted", False): SECOND})

    assert legs["accepted", "enriched"].hue == "missed"
    assert "stuck" in of_leg(legs["accepted", "enriched"])


@pytest.mark.django_db
def test_events_are_counted_as_in_the_lanes_of_the_board():
    soon = {"warn_at": NOON - minutes(1)}
    later = {"warn_at": NOON + minutes(1)}
    row = journey(**soon, step_at=NOON - minutes(3)).flow
    journey(**later, verdict="missed", step_at=NOON - minutes(2))
    journey(**soon, status="failed", step_at=NOON - minutes(9))
    journey(**later, working=True)
    journey(**later, status="done", ended_at=NOON)
    journey(**later, status="lost")

    assert places(row, now=NOON) == {
        ("accepted", False): Place(3, late=1, at_risk=1, failed=1, since=NOON - minutes(3)),
        ("accepted", True): Place(1, since=NOON),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("record", [flip, taken_up], ids=["waiting for alerting", "taken up"])
def test_misses_are_counted_where_they_happened_unless_they_were_turned(record):
    missed, turned = journey(verdict="missed"), journey(verdict="met")
    for one, at in ((missed, NOON), (missed, NOON - minutes(90)), (turned, NOON)):
        record(one, "verdict", "waiting", "missed", step="enriched", at=at)

    assert missed_at(missed.flow, since=NOON - minutes(60)) == {"enriched": 1}


@pytest.mark.django_db
def test_times_are_those_of_the_legs_that_events_took():
    save_flow()
    for number in range(3):
        trade(f"T-{number}", ago=120)
    trade("T-9", "received", "accepted", ago=90)
    since = datetime.now(UTC) - timedelta(hours=1)

    found = measured(Flow.objects.get(), trade_flow(), since=since)

    assert found.sample == 4
    assert found.working["enriched"] == Times(3, 2.0, 2.0)
    assert found.waiting["accepted", "enriched"].p50 == pytest.approx(9.89)
    assert found.services["reported"] == "regulator-sink"
    assert found.topics["accepted", "enriched"] == "trades.accepted"
    assert measured(Flow.objects.get(), trade_flow(), since=datetime.now(UTC)).sample == 0
