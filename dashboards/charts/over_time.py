"""End-to-end time over the time of start, as a heat map with the deadline line."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dashboards import words
from dashboards.charts.axes import line, time_axis, top
from dashboards.charts.chart import Chart
from dashboards.queries_spread import Spread, Timed
from dashboards.ranges import Range

LEVELS = 20
PARTS = 6  # of the range, for the table and the trend


def over_time(spread: Spread, chosen: Range, *, now: datetime) -> Chart:
    """Return the heat map of end-to-end time over start time with the deadline line."""
    end, began = top(spread), chosen.since(now)
    layout: dict[str, Any] = {
        "xaxis": {"type": "date", "range": [began.isoformat(), now.isoformat()]},
        "yaxis": time_axis(end),
        "barmode": "overlay",
    }
    if spread.limit is not None and spread.limit <= end:
        layout |= line("y", spread.limit, f"deadline {words.duration(spread.limit)}")
    medians, rows = _parts(spread, chosen, began)
    return Chart(
        name="over-time",
        title="End to end over time",
        caption=_trend(medians),
        data=[_heat(spread, chosen, began, end)],
        layout=layout,
        columns=("Started from", "events", "median", "late"),
        rows=rows,
    )


def _heat(spread: Spread, chosen: Range, began: datetime, end: float) -> dict[str, Any]:
    """Return the cells as bars: the library's own heat map sets inline styles, which we forbid."""
    cells = Counter(
        (int((event.started_at - began) / chosen.bucket), int(event.seconds / end * LEVELS))
        for event in spread.events
    )
    inside = {(x, min(y, LEVELS - 1)): count for (x, y), count in cells.items() if x >= 0}
    most, height = max(inside.values(), default=1), end / LEVELS
    middles = [began + chosen.bucket * (x + 0.5) for x, _ in inside]
    return {
        "type": "bar",
        "x": [at.astimezone(UTC).isoformat() for at in middles],
        "base": [y * height for _, y in inside],
        "y": [height * 0.94] * len(inside),
        "width": chosen.bucket.total_seconds() * 940,  # milliseconds, with a gap
        "marker": {
            "color": "@on-track",
            "opacity": [round(0.13 + 0.87 * count / most, 3) for count in inside.values()],
        },
        "customdata": [
            f"{count} events, {words.duration(y * height)} to {words.duration((y + 1) * height)}"
            for (_, y), count in inside.items()
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _parts(
    spread: Spread, chosen: Range, began: datetime
) -> tuple[list[float], list[tuple[str, str, str, str]]]:
    """Return the median of each part of the range that has events, and the rows of the table."""
    parts: list[list[Timed]] = [[] for _ in range(PARTS)]
    for event in spread.events:
        place = int((event.started_at - began) / chosen.length * PARTS)
        parts[min(max(place, 0), PARTS - 1)].append(event)
    medians, rows = [], []
    for number, part in enumerate(parts):
        if part:
            ordered = sorted(event.seconds for event in part)
            medians.append(ordered[(len(ordered) - 1) // 2])
            start = (began + chosen.length / PARTS * number).astimezone(UTC)
            late = sum(event.missed for event in part)
            typical = words.duration(medians[-1])
            rows.append((f"{start:%d %b %H:%M} UTC", str(len(part)), typical, str(late)))
    return medians, rows


def _trend(medians: Sequence[float]) -> str:
    if len(medians) < 2:
        return "Too few events to see a trend."
    first, last = words.duration(medians[0]), words.duration(medians[-1])
    if medians[-1] > medians[0] * 1.5:
        return f"Events take longer: the median rose from {first} to {last}."
    if medians[0] > medians[-1] * 1.5:
        return f"Events take less time: the median fell from {first} to {last}."
    low, high = words.duration(min(medians)), words.duration(max(medians))
    return (
        f"The median is steady at {low}."
        if low == high
        else f"The median stays between {low} and {high}."
    )
