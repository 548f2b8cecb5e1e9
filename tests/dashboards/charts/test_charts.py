"""Charts as plain data: what they say in words must be what they draw."""

from datetime import timedelta

import pytest

from dashboards.charts.axes import time_axis
from dashboards.charts.distribution import distribution
from dashboards.charts.legs import leg_times
from dashboards.charts.over_time import over_time
from dashboards.queries_legs import Leg
from dashboards.queries_spread import Spread, Timed
from dashboards.ranges import chosen
from tests.factories import NOON, minutes


def spread(*seconds, limit=900.0, step=1.0):
    """Events that started a minute apart, the last one just before noon."""
    count = len(seconds)
    events = [
        Timed(NOON - minutes((count - n) * step), s, limit is not None and s > limit)
        for n, s in enumerate(seconds)
    ]
    return Spread(events, "report", limit, False)


def test_every_event_is_in_a_bar_of_its_kind():
    chart = distribution(spread(10, 20, 30, 2000, 950))

    good, late = chart.data
    assert (sum(good["y"]), sum(late["y"])) == (3, 2)
    assert "2 were late (40.0 %)" in chart.caption
    assert sum(int(row[1]) + int(row[2]) for row in chart.rows) == 5


def test_the_deadline_line_is_where_the_deadline_is():
    layout = distribution(spread(10)).layout

    assert [(s["x0"], s["x1"]) for s in layout["shapes"]] == [(900, 900)]
    assert layout["xaxis"]["range"][1] > 900
    assert "shapes" not in distribution(spread(10, limit=None)).layout


def test_no_event_is_said_and_drawn_as_nothing():
    chart = distribution(spread())

    assert chart.caption == "No event has ended in this range."
    assert chart.rows == []


@pytest.mark.parametrize(
    ("seconds", "finding"),
    [
        ([60] * 60, "The median is steady at 1 min."),
        ([60] * 30 + [300] * 30, "Events take longer: the median rose from 1 min to 5 min."),
        ([300] * 30 + [60] * 30, "Events take less time: the median fell from 5 min to 1 min."),
        ([60], "Too few events to see a trend."),
    ],
)
def test_the_trend_is_told(seconds, finding):
    assert over_time(spread(*seconds), chosen("1h"), now=NOON).caption == finding


def test_the_cells_hold_every_event_of_the_range():
    [heat] = over_time(spread(*[60] * 90), chosen("1h"), now=NOON).data

    assert sum(int(text.split()[0]) for text in heat["customdata"]) == 60
    assert max(heat["marker"]["opacity"]) == 1


def test_legs_stand_in_the_order_of_the_flow_and_the_longest_is_named():
    legs = [
        Leg("received", False, "gateway", 9, 0.05, 0.1, 0.2),
        Leg("written", True, "reports.out", 9, 8.0, 12.0, 14.0),
        Leg("written", False, "sink", 9, 2.0, 3.0, 4.0),
    ]

    chart = leg_times(legs)

    assert chart.layout["yaxis"]["categoryarray"][-1] == "received"
    assert (
        chart.caption
        == "Most time goes into waiting for written: 8 s at the median, 80 % of the way."
    )
    waiting, working = chart.data
    assert (waiting["y"], working["y"]) == (["waiting for written"], ["received", "written"])
    assert waiting["error_x"]["array"] == [4.0]


@pytest.mark.parametrize("end", [0.02, 1, 9, 100, 5_000, 90_000, 5_000_000])
def test_an_axis_has_a_handful_of_round_ticks(end):
    axis = time_axis(end)

    assert 2 <= len(axis["tickvals"]) <= 10
    assert axis["tickvals"][-1] <= end
    assert len(axis["ticktext"]) == len(axis["tickvals"])


def test_bounds_hold_for_a_full_chart():
    many = [Timed(NOON - timedelta(seconds=n * 0.7), n % 977, n % 7 == 0) for n in range(5000)]
    full = Spread(many, "report", 900, True)

    for chart in (distribution(full), over_time(full, chosen("1h"), now=NOON)):
        assert len(chart.data) <= 20
        assert sum(len(trace["x"]) for trace in chart.data) <= 5000
