"""Axes of lengths of time, and the deadline's line across them."""

from typing import Any

from dashboards import words
from dashboards.queries_spread import Spread


def top(spread: Spread) -> float:
    """Return where the axis of seconds ends: the deadline and nearly all events are on it."""
    most = spread.mark(99) or 0
    return max(most, spread.limit or 0) * 1.15 or 1


def time_axis(end: float) -> dict[str, Any]:
    """Return an axis of lengths of time from 0 to `end` seconds, with round ticks in words."""
    steps = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
    step = next((s for s in (*steps, 7200, 21600, 43200, 86400) if end / s <= 6), 86400 * 7)
    ticks = [n * step for n in range(int(end / step) + 1)]
    texts = ["0", *(words.duration(tick) for tick in ticks[1:])]
    return {"range": [0, end], "tickvals": ticks, "ticktext": texts}


def line(axis: str, at: float, text: str) -> dict[str, Any]:
    """Return the shape and label of a deadline at `at` on `axis`."""
    other = "y" if axis == "x" else "x"
    shape = {"type": "line", f"{axis}0": at, f"{axis}1": at, f"{other}0": 0, f"{other}1": 1}
    note = {axis: at, other: 1 if axis == "x" else 0, "text": text, "showarrow": False}
    place = {
        "xanchor": "right" if axis == "x" else "left",
        "yanchor": "top" if axis == "x" else "bottom",
        f"{other}ref": "paper",
        "xshift": -4 if axis == "x" else 4,
    }
    return {
        "shapes": [{**shape, f"{other}ref": "paper", "line": {"color": "@missed", "width": 1.5}}],
        "annotations": [{**note, **place, "font": {"color": "@missed", "size": 12}}],
    }
