"""What boards count in one walk is what they would count row by row."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dashboards import dear
from dashboards.board_filter import BoardFilter
from dashboards.queries_board import lane_rules, lanes
from dashboards.queries_flows import standings
from dashboards.queries_health import health
from dashboards.queries_places import places
from dashboards.queries_strip import strip
from dashboards.queries_under_way import ON_THE_WAY, under_way
from slatrack.domain.states import Status, Verdict
from slatrack.operations.gauges import DatabaseGauges
from slatrack.tracking.models import Forecast, Journey, Trace
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 9, 41, 17, 350_000, tzinfo=UTC)
DAYS = {"UTC": NOW.replace(hour=0, minute=0, second=0, microsecond=0)}
DAYS["Kathmandu"] = DAYS["UTC"] - timedelta(hours=5, minutes=45)  # a day begins at 18:15 UTC
HOUR = timedelta(hours=1)
FLOWS = ("trade-reporting", "payments")


def some_row(dice: random.Random) -> Journey:
    due = dice.choice(
        [None, dice.uniform(-3, 3), dice.uniform(0, 70), dice.uniform(-1500, 100), 0.0, 60.0]
    )
    due_at = None if due is None else NOW + timedelta(minutes=due)
    warn_at = due_at and dice.choice([None, due_at - timedelta(minutes=dice.uniform(0, 20)), NOW])
    return make.new_journey(
        flow=make.flow(dice.choice(FLOWS)),
        status=dice.choice(list(Status)).value,
        verdict=dice.choice(["", *(one.value for one in Verdict)]),
        due_at=due_at,
        warn_at=warn_at,
        ended_at=dice.choice([None, None, None, NOW]),
    )


@pytest.fixture(params=range(4))
def rows(request):
    dice = random.Random(request.param)
    rows = Journey.objects.bulk_create([some_row(dice) for _ in range(300)])
    risky = [row for row in rows if row.due_at and dice.random() < 0.3]
    for row in risky:
        Forecast.objects.create(
            journey=row, flow=row.flow, deadline="d", version=1, started_at=NOW, due_at=row.due_at,
            sampled=False, at_risk=dice.random() < 0.7,
        )  # fmt: skip
    return [row for row in rows if row.ended_at is None]


def is_pressed(row: Journey) -> bool:
    warned = row.warn_at is not None and row.warn_at <= NOW
    return warned or row.forecasts.filter(at_risk=True).exists()


def is_open(row: Journey) -> bool:
    return row.verdict in (Verdict.WAITING, Verdict.UNKNOWN)


def test_lanes_count_what_their_rules_say(rows):
    on_way = Journey.objects.filter(ended_at=None, status__in=ON_THE_WAY)
    wanted = {name: on_way.filter(rule).count() for name, rule in lane_rules(NOW).items()}
    found = {lane.name: lane.count for lane in lanes(BoardFilter(), {}, now=NOW)}
    found.pop("done", None)
    assert found == {name: count for name, count in wanted.items() if count}


@pytest.mark.parametrize("day", DAYS)
def test_tiles_count_what_stands_in_the_rows(rows, day):
    for tile in standings(now=NOW, day_began=DAYS[day]):
        mine = [row for row in rows if row.flow_id == tile.flow.pk]
        there = [row for row in mine if row.status == Status.IN_FLIGHT]
        missed = [row for row in mine if row.verdict == Verdict.MISSED]
        coming = [row.due_at for row in there if row.due_at and row.due_at > NOW]
        ended = Journey.objects.filter(flow=tile.flow, ended_at__isnull=False)
        assert (tile.in_flight, tile.late) == (
            len(there),
            sum(row.verdict == Verdict.MISSED for row in there),
        )
        assert tile.at_risk == sum(is_open(row) and is_pressed(row) for row in there)
        assert tile.missed_today == ended.filter(verdict="missed").count() + sum(
            row.due_at is not None and row.due_at >= DAYS[day] for row in missed
        )
        assert tile.next_due_at == min(coming, default=None)


@pytest.mark.parametrize("flow", ["", FLOWS[0], "none-such"])
def test_the_strip_shows_each_that_is_due_in_the_hour_in_its_minute(rows, flow):
    wanted = Counter(
        (
            int((row.due_at - NOW.replace(second=0, microsecond=0)).total_seconds() // 60),
            is_pressed(row),
        )
        for row in rows
        if (not flow or row.flow.name == flow)
        and row.status in ON_THE_WAY
        and is_open(row)
        and row.due_at
        and NOW <= row.due_at < NOW + HOUR
    )
    found = strip(now=NOW, flow=flow)
    if wanted:
        assert not found.close
    shown = Counter()
    for number, bar in enumerate(found.bars):
        shown[number, False] += bar.on_track
        shown[number, True] += bar.at_risk
    assert +shown == wanted


def test_of_very_many_one_walk_does_for_all(rows, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(dear, "VERY_MANY", 1)
    monkeypatch.setattr(dear, "LEAST", 0.0)
    under_way(now=NOW)
    with django_assert_num_queries(0):
        strip(now=NOW)
    with django_assert_num_queries(2):  # flows, and what ended
        standings(now=NOW, day_began=DAYS["UTC"])


def on_health_page() -> list[int]:
    found = health(now=NOW)
    return [found.in_flight, found.parked]


def in_metrics() -> list[int]:
    names = ("slatrack_journeys_in_flight", "slatrack_traces_parked")
    found = {one.name: one.samples for one in DatabaseGauges().collect()}
    return [int(sample.value) for name in names for sample in found[name]]


@pytest.mark.parametrize("look", [on_health_page, in_metrics])
def test_what_is_counted_of_very_many_the_next_look_does_not_count_again(look, monkeypatch):
    make.journey()
    Trace.objects.create(id=UUID(int=1), state=b"", bound=False, spans=1, created_at=NOW)
    assert look() == [1, 1]

    monkeypatch.setattr(dear, "VERY_MANY", 1)
    monkeypatch.setattr(dear, "LEAST", 0.0)
    make.journey()
    Trace.objects.create(id=UUID(int=2), state=b"", bound=False, spans=1, created_at=NOW)
    assert look() == [2, 2]
    Journey.objects.all().delete()
    assert look() == [2, 2]


def test_the_page_of_a_flow_does_not_count_very_many_at_each_drawing(
    monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(dear, "VERY_MANY", 1)
    monkeypatch.setattr(dear, "LEAST", 0.0)
    row = make.journey(due_at=NOW)
    first = places(row.flow, now=NOW)
    with django_assert_num_queries(0):
        assert places(row.flow, now=NOW) == first
    assert first[row.step, row.working].count == 1
