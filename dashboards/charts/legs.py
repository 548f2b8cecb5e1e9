"""The time in each leg: the median as a bar, p95 as a thin line beyond it."""

from collections.abc import Sequence
from typing import Any

from dashboards import words
from dashboards.charts.axes import time_axis
from dashboards.charts.chart import Chart
from dashboards.queries_legs import Leg


def leg_times(legs: Sequence[Leg]) -> Chart:
    """Return the chart of `legs`, the first leg on top; waiting is hatched, working solid."""
    names = [leg_name(leg) for leg in reversed(legs)]
    end = max((leg.p95 for leg in legs), default=0) * 1.05 or 1
    layout = {
        "xaxis": time_axis(end),
        "yaxis": {"categoryorder": "array", "categoryarray": names, "automargin": True},
        "height": 60 + 26 * max(len(legs), 3),
        "bargap": 0.35,
        "barmode": "overlay",
    }
    data = [_bars(legs, waiting=True), _bars(legs, waiting=False)]
    return Chart("legs", "Time in each leg", _caption(legs), data, layout)


def leg_name(leg: Leg) -> str:
    """Return what a leg is called on pages."""
    return f"waiting for {leg.step}" if leg.waiting else leg.step


def _bars(legs: Sequence[Leg], *, waiting: bool) -> dict[str, Any]:
    some = [leg for leg in legs if leg.waiting is waiting]
    return {
        "type": "bar",
        "orientation": "h",
        "name": "waiting" if waiting else "working",
        "y": [leg_name(leg) for leg in some],
        "x": [leg.p50 for leg in some],
        "error_x": _beyond([leg.p95 - leg.p50 for leg in some]),
        "marker": {
            "color": "@on-track",
            "pattern": {"shape": "/" if waiting else "", "solidity": 0.35, "size": 6},
        },
        "customdata": [
            f"median {words.duration(leg.p50)}, p95 {words.duration(leg.p95)}" for leg in some
        ],
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
    }


def _beyond(lengths: list[float]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": lengths,
        "arrayminus": [0] * len(lengths),
        "color": "@ink-3",
        "thickness": 1,
        "width": 3,
    }


def _caption(legs: Sequence[Leg]) -> str:
    total = sum(leg.p50 for leg in legs)
    if not total:
        return "No leg was measured in this range."
    longest = max(legs, key=lambda leg: leg.p50)
    share = f"{longest.p50 / total:.0%}".replace("%", " %")
    where = f"{leg_name(longest)}: {words.duration(longest.p50)} at the median"
    return f"Most time goes into {where}, {share} of the way."
