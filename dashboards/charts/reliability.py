"""The reliability diagram: what was said against what came, with how often it was said."""

from collections.abc import Sequence
from typing import Any

from dashboards.charts.chart import Chart
from dashboards.queries_forecasts import Score
from slatrack.domain.forecasts.scores import Bin

SMALLEST, LARGEST = 7.0, 26.0  # pixels of a mark


def reliability(score: Score) -> Chart:
    """Return the diagram. On the diagonal, what was said is what came."""
    bins = score.bins
    ticks = [0, 20, 40, 60, 80, 100]
    axis = {"range": [-4, 104], "tickvals": ticks, "ticktext": [f"{one} %" for one in ticks]}
    layout = {
        "xaxis": {**axis, "title": {"text": "said: likely to miss", "font": {"size": 12}}},
        "yaxis": {**axis, "title": {"text": "came: missed", "font": {"size": 12}}},
        "showlegend": False,
        "height": 320,
        "margin": {"l": 64, "r": 14, "t": 14, "b": 44},
    }
    rows = [
        (
            _percent(one.said),
            _percent(one.came),
            f"{one.forecasts:,}",
            _percent(one.came - one.said),
        )
        for one in bins
    ]
    columns = ("Said, on average", "Came", "Forecasts", "Difference")
    data = [_diagonal(), _marks(bins)]
    title = "What was said, and what came"
    return Chart("reliability", title, _caption(score), data, layout, columns, rows)


def _diagonal() -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 100],
        "y": [0, 100],
        "line": {"color": "@line-2", "width": 1.5, "dash": "dash"},
        "hoverinfo": "skip",
    }


def _marks(bins: Sequence[Bin]) -> dict[str, Any]:
    most = max((one.forecasts for one in bins), default=1)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [round(100 * one.said, 1) for one in bins],
        "y": [round(100 * one.came, 1) for one in bins],
        "marker": {
            "color": "@accent",
            "size": [
                SMALLEST + (LARGEST - SMALLEST) * (one.forecasts / most) ** 0.5 for one in bins
            ],
        },
        "line": {"color": "@accent", "width": 1},
        "customdata": [f"{one.forecasts:,}" for one in bins],
        "hovertemplate": "%{customdata} forecasts said %{x} %, %{y} % came<extra></extra>",
    }


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _caption(score: Score) -> str:
    if score.error is None:
        return "No forecast has been decided yet."
    off = f"What was said lay {100 * score.error:.1f} percentage points from what came on average"
    return f"{off}, over {score.said:,} forecasts of {score.deadlines:,} deadlines."
