"""How long events take end to end, as a histogram with the deadline line."""

from collections import Counter
from typing import Any

from dashboards import words
from dashboards.charts.axes import line, time_axis, top
from dashboards.charts.chart import Chart
from dashboards.queries_spread import Spread

BARS = 40


def distribution(spread: Spread) -> Chart:
    """Return the histogram of end-to-end times with the deadline line."""
    end = top(spread)
    width = end / BARS
    counts: dict[bool, Counter[int]] = {False: Counter(), True: Counter()}
    for event in spread.events:
        counts[event.missed][min(int(event.seconds / width), BARS - 1)] += 1
    middles = [(number + 0.5) * width for number in range(BARS)]
    data = [
        _bars("on time", "@on-track-soft", middles, width, counts[False]),
        _bars("late", "@missed", middles, width, counts[True]),
    ]
    layout = {"barmode": "stack", "xaxis": time_axis(end), "yaxis": {"title": {"text": "events"}}}
    if spread.limit is not None and spread.limit <= end:
        layout |= line("x", spread.limit, f"deadline {words.duration(spread.limit)}")
    rows = [
        (f"{words.duration(n * width)} to {words.duration((n + 1) * width)}", str(good), str(late))
        for n in range(BARS)
        if (good := counts[False][n]) + (late := counts[True][n])
    ]
    columns = ("End to end", "on time", "late")
    title, caption = "How long events take", _distribution_caption(spread)
    return Chart("distribution", title, caption, data, layout, columns, rows)


def _bars(
    name: str, colour: str, middles: list[float], width: float, counts: Counter[int]
) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": name,
        "x": middles,
        "y": [counts[n] for n in range(BARS)],
        "width": width * 0.92,
        "marker": {"color": colour},
        "customdata": [
            f"{words.duration(n * width)}–{words.duration((n + 1) * width)}" for n in range(BARS)
        ],
        "hovertemplate": f"%{{customdata}}: %{{y}} {name}<extra></extra>",
    }


def _distribution_caption(spread: Spread) -> str:
    if not spread.events:
        return "No event has ended in this range."
    count = len(spread.events)
    half, most = spread.mark(50) or 0, spread.mark(95) or 0
    text = f"Half of {count:,} events take less than {words.duration(half)}, 95 % less than "
    text += f"{words.duration(most)}"
    if spread.missed:
        late = f"{spread.missed:,} {'was' if spread.missed == 1 else 'were'} late"
        return f"{text}; {late} ({spread.missed / count * 100:.1f} %)."
    if spread.limit is not None:
        return (
            f"{text}; none was late, {words.duration(max(spread.limit - most, 0))} to spare at p95."
        )
    return f"{text}; none was late."
