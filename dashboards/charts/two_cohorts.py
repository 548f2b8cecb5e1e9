"""How long the events of two cohorts take: the share that arrived within a time, as two lines."""

from collections.abc import Sequence
from typing import Any

from dashboards import words
from dashboards.charts.axes import time_axis
from dashboards.charts.chart import Chart
from dashboards.percentiles import percentile
from dashboards.queries_contrast import Compared, Side

MARKS = range(1, 100)
SHOWN = (10, 25, 50, 75, 90, 95, 99)


def two_cohorts(found: Compared) -> Chart:
    """Return the chart of both; without a finished event in one of them it says so."""
    first, second = found.first, found.second
    end = max((side.mark(99) or 0 for side in (first, second)), default=0) * 1.05 or 1
    layout = {
        "xaxis": time_axis(end),
        "yaxis": {"title": {"text": "arrived, %"}, "range": [0, 100]},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    }
    data = [_line(second, "@ink-3", "dot"), _line(first, "@on-track", "solid")]
    rows = [
        (f"{p} %", *(words.duration(side.mark(p) or 0) for side in (first, second))) for p in SHOWN
    ]
    columns = ("arrived within", first.name, second.name)
    return Chart(
        "cohorts", "How long they take", _caption(first, second), data, layout, columns, rows
    )


def _line(side: Side, colour: str, dash: str) -> dict[str, Any]:
    times: Sequence[float] = [percentile(side.seconds, p) or 0.0 for p in MARKS]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": side.name,
        "x": times if side.seconds else [],
        "y": list(MARKS) if side.seconds else [],
        "line": {"color": colour, "dash": dash, "width": 2, "shape": "hv"},
        "customdata": [words.duration(one) for one in times] if side.seconds else [],
        "hovertemplate": f"%{{y}} % of {_safe(side.name)} within %{{customdata}}<extra></extra>",
    }


def _safe(name: str) -> str:
    """The library reads some HTML and its own place holders in such texts."""
    return "".join(c for c in name if c not in "<>%{}&")


def _caption(first: Side, second: Side) -> str:
    if not (first.seconds and second.seconds):
        return "One of the cohorts has no event that has ended."
    half, other = first.mark(50) or 0, second.mark(50) or 0
    return (
        f"Half of {first.name} take less than {words.duration(half)}; "
        f"half of {second.name} less than {words.duration(other)}."
    )
