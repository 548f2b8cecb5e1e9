"""Margins: how far from their due times events were, counted in bounded room.

Margins are seconds, below zero what was to spare. They are counted by size to 1 %, on time and
late apart: the deadline's line is exact, and a million events take the room of a thousand numbers.
"""

from collections import Counter
from collections.abc import Mapping
from math import exp, log
from typing import NamedTuple

FINEST = 0.001  # seconds; what is nearer to the line than that counts as at it
STEP = log(1.01)
BARS = 40
WIDTHS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 7 * 86400),
)  # seconds
EDGE = 0.005  # the share of events at either end that may lie beyond the bars


class Bar(NamedTuple):
    """Events whose margin lies in [begin, end); the outermost bars take what lies beyond."""

    begin: float
    end: float
    on_time: int
    late: int


class Margins:
    """Counts of margins by size."""

    def __init__(self, stored: Mapping[str, Mapping[str, int]] | None = None) -> None:
        known = stored or {}
        self.on_time, self.late = (
            Counter({int(size): count for size, count in known.get(name, {}).items()})
            for name in ("on_time", "late")
        )

    def add(self, seconds: float, *, late: bool) -> None:
        """Count one event."""
        length = abs(seconds)
        size = 0 if length < FINEST else 1 + int(log(length / FINEST) / STEP)
        if not late or seconds < 0:
            size = -size
        (self.late if late else self.on_time)[size] += 1

    def stored(self) -> dict[str, dict[str, int]]:
        """Return what a later `Margins` goes on from."""
        return {
            name: {str(size): count for size, count in counts.items()}
            for name, counts in (("on_time", self.on_time), ("late", self.late))
        }

    def quantile(self, share: float) -> float | None:
        """Return the margin below which that share of the events lies; None of none."""
        both = self.on_time + self.late
        left = share * both.total()
        for size in sorted(both):
            left -= both[size]
            if left <= 0:
                return _seconds(size)
        return None

    def bars(self) -> list[Bar]:
        """Return a histogram with one edge at the due time; empty without events."""
        low, high = self.quantile(EDGE), self.quantile(1 - EDGE)
        if low is None or high is None:
            return []
        low, high = min(low, 0.0), max(high, 0.0)
        width = next((w for w in WIDTHS if (high - low) / w <= BARS), (high - low) / BARS)
        first, last = min(int(low // width), -1), int(max(high, width / 2) // width)
        counts = {n: [0, 0] for n in range(first, last + 1)}
        for which, several in enumerate((self.on_time, self.late)):
            for size, count in several.items():
                place = -1 if not size and not which else int(_seconds(size) // width)
                counts[min(max(place, first), last) if counts else place][which] += count
        return [Bar(n * width, (n + 1) * width, *counts[n]) for n in sorted(counts)]


def _seconds(size: int) -> float:
    """The middle of the margins of one size."""
    length = FINEST * exp((abs(size) - 0.5) * STEP) if size else 0.0
    return -length if size < 0 else length
