"""The time axis of a journey's drawing: where an instant lies, in percent."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from math import floor, log10
from typing import TYPE_CHECKING

from slatrack.domain.instants import to_nanoseconds

if TYPE_CHECKING:
    from dashboards.journey_data import JourneyData

LEAST = 0.35  # percent: the narrowest bar that can be seen
STRETCH = 4  # a due time further away than so many times the way itself is not drawn to scale
NICE = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
ENOUGH = 7
MARGIN = 6  # a sixth more, for the words behind the last line
CLOSE = 15  # percent: two words side by side need so much
ROOM = 3  # percent: a tick's word needs so much beyond its middle
DAY = 86400
FINE = 2  # seconds: below that, milliseconds
BILLION = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Axis:
    """From `start` to `end`, nanoseconds."""

    start: int
    end: int

    def at(self, instant: int) -> float:
        """Return where an instant lies, 0 to 100."""
        part = (instant - self.start) / (self.end - self.start)
        return round(max(0.0, min(1.0, part)) * 100, 2)

    def width(self, start: int, end: int) -> float:
        """Return how wide a time is, wide enough to be seen."""
        return round(min(max(self.at(end) - self.at(start), LEAST), 100 - self.at(start)), 2)

    def holds(self, instant: int) -> bool:
        """Whether an instant lies on it."""
        return self.start <= instant <= self.end


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across the drawing: due, warn, expected or now."""

    kind: str
    x: float
    at: datetime
    beyond: bool = False
    before: bool = False  # its word stands before the line
    silent: bool = False  # there is no room for its word


def axis(data: "JourneyData", *, now: datetime) -> Axis:
    """Return the axis that shows all spans, now while in flight, and the due time if it is near."""
    start = min([to_nanoseconds(data.row.started_at), *(span["start_ns"] for span in data.spans)])
    ends = [span["end_ns"] for span in data.spans]
    end = max([start + BILLION // 1000, *ends, *([to_nanoseconds(now)] if data.in_flight else [])])
    ahead = (data.row.due_at, data.row.warn_at, data.expected_at)
    due = [to_nanoseconds(at) for at in ahead if at is not None]
    near = [at for at in due if at - start <= STRETCH * (end - start)]
    end = max([end, *near])
    return Axis(start, end + (end - start) // MARGIN)


def marks(data: "JourneyData", across: Axis, *, now: datetime) -> list[Mark]:
    """Return the lines across the drawing."""
    found = list(_marks(data, across))
    if data.in_flight:
        found.append(Mark("now", across.at(to_nanoseconds(now)), now))
    return worded(found)


def worded(marks: list[Mark]) -> list[Mark]:
    """Return the marks with their words where there is room, the later ones first."""
    found = [_worded(one, marks) for one in marks]
    backward = [one.x for one in found if one.before and not one.silent]
    return [
        replace(one, silent=one.silent or any(0 < x - one.x < CLOSE for x in backward))
        for one in found
    ]


def _worded(mark: Mark, marks: list[Mark]) -> Mark:
    """Find room for the word of a mark: behind its line, before it, or none."""
    followed = any(0 <= other.x - mark.x < CLOSE for other in marks if other is not mark)
    led = any(0 <= mark.x - other.x < CLOSE for other in marks if other is not mark)
    if mark.x <= 100 - CLOSE and not followed:
        return mark
    room = mark.x > CLOSE and not (led and followed)
    return replace(mark, before=True, silent=not room)


def _marks(data: "JourneyData", across: Axis) -> Iterator[Mark]:
    lines = ("warn", data.row.warn_at), ("expected", data.expected_at), ("due", data.row.due_at)
    for kind, at in lines:
        if at is not None and across.holds(to_nanoseconds(at)):
            yield Mark(kind, across.at(to_nanoseconds(at)), at)
        elif at is not None and kind == "due":
            yield Mark(kind, 100.0, at, beyond=True)


def ticks(across: Axis) -> list[tuple[float, str]]:
    """Return some round lengths of time since the start, and where they lie."""
    seconds = (across.end - across.start) / BILLION
    size = _fine(seconds / ENOUGH) if seconds < FINE else _nice(seconds / ENOUGH)
    steps = [number * size for number in range(int(seconds / size) + 1)]
    found = [(across.at(across.start + int(one * BILLION)), _word(one)) for one in steps]
    return [(x, word) for x, word in found if x <= 100 - ROOM]


def _fine(at_least: float) -> float:
    """Return the next 1, 2 or 5 of some power of ten."""
    unit = 10.0 ** floor(log10(at_least))
    return next(unit * n for n in (1, 2, 5, 10) if unit * n >= at_least)


def _nice(at_least: float) -> float:
    days = max(1.0, at_least // DAY) * DAY
    return next((float(one) for one in NICE if one >= at_least), days)


def _word(seconds: float) -> str:
    if seconds == 0:
        return "0"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    if seconds < 1:
        return f"{seconds * 1000:.6g} ms"
    return f"{seconds:.6g} s" if seconds < 60 else f"{seconds / 60:g} min"
