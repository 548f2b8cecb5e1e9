"""What trying a deadline came to: how close to the line events were, and alerts a day."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards import words
from dashboards.charts.axes import line
from dashboards.charts.chart import Chart
from slatrack.domain.margins import Bar
from slatrack.domain.tallies import MISSES, OTHER_DAYS, WARNED, WERE, Tally

MOST_DAYS = 90  # that the chart shows


def margins(tally: Tally) -> Chart:
    """Return the histogram of how long before or after its due time each event arrived."""
    bars = tally.margins.bars()
    data = [
        _bars("on time", "@on-track-soft", bars, [bar.on_time for bar in bars]),
        _bars("late", "@missed", bars, [bar.late for bar in bars]),
    ]
    layout: dict[str, Any] = {
        "barmode": "stack",
        "xaxis": _axis(bars),
        "yaxis": {"title": {"text": "events"}},
    }
    layout |= line("x", 0, "deadline")
    rows = [
        (f"{_side(bar.begin)} to {_side(bar.end)}", f"{bar.on_time:,}", f"{bar.late:,}")
        for bar in bars
        if bar.on_time or bar.late
    ]
    columns = ("Arrived", "on time", "late")
    return Chart("margins", "How close to the line", _caption(tally), data, layout, columns, rows)


def _bars(name: str, colour: str, bars: Sequence[Bar], counts: list[int]) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": name,
        "x": [(bar.begin + bar.end) / 2 for bar in bars],
        "y": counts,
        "width": [(bar.end - bar.begin) * 0.92 for bar in bars],
        "marker": {"color": colour},
        "customdata": [f"{_side(bar.begin)} to {_side(bar.end)}" for bar in bars],
        "hovertemplate": f"%{{customdata}}: %{{y}} {name}<extra></extra>",
    }


def _axis(bars: Sequence[Bar]) -> dict[str, Any]:
    """An axis of time to the deadline, with a tick at it and at round distances either side."""
    if not bars:
        return {}
    begin, end = bars[0].begin, bars[-1].end
    width, every = bars[0].end - bars[0].begin, max(1, len(bars) // 6)
    first = -(int(-begin / width) // every) * every
    ticks = [n * width for n in range(first, round(end / width) + 1, every)]
    return {"range": [begin, end], "tickvals": ticks, "ticktext": [_tick(at) for at in ticks]}


def _tick(at: float) -> str:
    if abs(at) < 1e-9:
        return "due"
    return f"{'−' if at < 0 else '+'}{words.duration(at)}"


def _side(at: float) -> str:
    if abs(at) < 1e-9:
        return "the deadline"
    return f"{words.duration(at)} {'before' if at < 0 else 'after'}"


def _caption(tally: Tally) -> str:
    half, most = tally.margins.quantile(0.5), tally.margins.quantile(0.95)
    if half is None or most is None:
        return "No event has reached the step in this time."
    late = tally.margins.late.total()
    of = tally.margins.on_time.total() + late
    text = f"Half of {of:,} events arrive {_than(half)}, 95 % {_than(most)}"
    return f"{text}; {late:,} after it." if late else f"{text}; none after it."


def _than(margin: float) -> str:
    if margin > 0:
        return f"no later than {words.duration(margin)} after the deadline"
    return f"at least {words.duration(margin)} before the deadline"


def alerts_a_day(tally: Tally) -> Chart:
    """Return would-be warnings and misses by day, with what the rule in force gives as a line."""
    days = sorted(day for day in tally.days if day != OTHER_DAYS)[-MOST_DAYS:]
    counts = [tally.days[day] for day in days]
    data = [
        _days("misses", "@missed", days, [one[MISSES] for one in counts]),
        _days("warnings", "@at-risk", days, [one[WARNED] for one in counts]),
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "rule in force",
            "x": days,
            "y": [one[WERE] for one in counts],
            "line": {"color": "@ink-2", "width": 1.5, "dash": "dot"},
            "hovertemplate": "%{x}: %{y} by the rule in force<extra></extra>",
        },
    ]
    layout = {"barmode": "stack", "xaxis": {"type": "category"}, "yaxis": {"rangemode": "tozero"}}
    rows = [_day_row(day, one) for day, one in zip(days, counts, strict=True)]
    columns = ("Day (UTC)", "events", "misses", "warnings", "alerts of the rule in force")
    caption = _alerts_caption(tally)
    return Chart("alerts", "Alerts a day", caption, data, layout, columns, rows)


def _days(name: str, colour: str, days: list[str], counts: list[int]) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": name,
        "x": days,
        "y": counts,
        "marker": {"color": colour},
        "hovertemplate": f"%{{x}}: %{{y}} {name}<extra></extra>",
    }


def _day_row(day: str, one: Mapping[str, int]) -> tuple[str, ...]:
    return day, *(f"{one.get(name, 0):,}" for name in ("events", MISSES, WARNED, WERE))


def _alerts_caption(tally: Tally) -> str:
    alerts = {day: one[MISSES] + one[WARNED] for day, one in tally.days.items()}
    if not any(alerts.values()):
        return "Nobody would have been told anything."
    worst = max(alerts, key=lambda day: alerts[day])
    were = sum(one[WERE] for one in tally.days.values())
    return (
        f"{sum(alerts.values()):,} alerts, {alerts[worst]:,} on the worst day ({worst}); "
        f"the rule in force gives {were:,}. Dotted: the rule in force."
    )
