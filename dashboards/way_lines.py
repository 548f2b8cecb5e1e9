"""One line of the drawing of a way: a span, a wait, a step that was not seen, the head of a trace.

Each line says in words what its bar shows, so that the table of them is the drawing again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards import words
from dashboards.axis import Axis
from slatrack.domain.gaps import Reason
from slatrack.domain.instants import to_datetime, to_nanoseconds

FULL = 72  # percent: behind a bar that ends beyond, there is no room for words
EARLY = 30  # percent: nor is there before a bar that begins below
DEEPEST = 12
SURE = ("key", "ancestry")  # how most spans are bound: not worth a word in the drawing


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the waterfall. `kind`: trace, working, waiting, hole. Times are nanoseconds."""

    kind: str
    title: str
    detail: str = ""
    x: float = 0.0
    width: float = 0.0
    text: str = ""
    start: int = 0
    length: int = 0
    span_id: str = ""
    depth: int = 0
    step: str = ""
    error: bool = False
    shared: int = 1
    bound_by: str = ""
    where: str = ""
    skewed: bool = False

    @property
    def at(self) -> datetime | None:
        """When it began, if it says."""
        return to_datetime(self.start) if self.start else None

    @property
    def lasted(self) -> str:
        """How long it was; empty where it has no length."""
        return words.duration(self.length / 1e9) if self.start else ""

    @property
    def end(self) -> float:
        """Where the bar ends."""
        return self.x + self.width

    @property
    def text_x(self) -> float:
        """Where its text stands: behind the bar, or before it where there is no room."""
        if self.within:
            return self.end - 0.7
        return self.x - 0.7 if self.before else self.end + 0.7

    @property
    def before(self) -> bool:
        """Whether the text ends before `text_x`."""
        return self.end > FULL

    @property
    def within(self) -> bool:
        """Whether the text stands on the bar, as there is room neither behind nor before it."""
        return self.end > FULL and self.x < EARLY


def working(span: Mapping[str, Any], depth: int, across: Axis, attempt: str) -> Line:
    """Return the line of a span; `attempt` says which of several, e.g. "attempt 2 of 3"."""
    length = span["end_ns"] - span["start_ns"]
    said = [words.duration(length / 1e9), attempt]
    said += [f"shared by {span['shared']:,}"] if span["shared"] > 1 else []
    said += [f"bound by {span['bound_by']}"] if span["bound_by"] not in SURE else []
    return Line(
        kind="working",
        title=span["service"] or "",
        detail=span["name"],
        x=across.at(span["start_ns"]),
        width=across.width(span["start_ns"], span["end_ns"]),
        text=", ".join(one for one in said if one),
        start=span["start_ns"],
        length=length,
        span_id=span["span_id"],
        depth=min(depth, DEEPEST),
        step=span["step"] or "",
        error=failed(span),
        shared=span["shared"],
        bound_by=span["bound_by"],
        where=f"{span['topic']} {coordinates(span)}".strip() if span["topic"] else "",
    )


def waiting(leg: Mapping[str, Any], after: Mapping[str, Any], across: Axis) -> Line:
    """Return the line of the wait of a leg before the step that it leads to."""
    end = ns(after["started_at"])
    length = int(leg["waiting_ms"] * 1e6)
    said = [f"waiting {words.duration(leg['waiting_ms'] / 1000)}"] if length else []
    skew = leg.get("skew_ms") or 0
    said += [f"clocks differ by {words.duration(skew / 1000)} or more"] if skew else []
    said += [leg["why"]] if leg["partial"] and leg.get("why") else []
    return Line(
        kind="waiting",
        title=after["topic"] or f"after {leg['from']}",
        detail=coordinates(after) if after["topic"] else "",
        x=across.at(end - length),
        width=across.width(end - length, end) if length else 0.0,
        text=", ".join(said),
        start=end - length,
        length=length,
        skewed=skew > 0,
    )


def hole(gap: Mapping[str, Any], start: int, across: Axis, *, ended: bool) -> Line:
    """Return the line of a step that was not seen; `ended` says that the journey has."""
    x = min(across.at(start), 94.0)
    width = min(7.0, 100 - x)
    said = "what may help stands above" if gap["remedy"] else gap["sentence"]
    return Line("hole", gap["step"], absence(gap["reason"], ended=ended), x, width, said)


def absence(reason: str, *, ended: bool) -> str:
    """Say in two or three words why a step was not seen; what has ended goes nowhere any more."""
    return "not reached" if ended and reason == Reason.NOT_YET else reason


def failed(span: Mapping[str, Any]) -> bool:
    """Whether a span ended in an error."""
    return bool(span["error"])


def handled(spans: Iterable[Mapping[str, Any]]) -> str:
    """Return "record" where each span is of a message of its own, e.g. a word of a line."""
    places = [(one["topic"], one["partition"], one["offset"]) for one in spans]
    apart = len(set(places)) == len(places) and all(place[2] is not None for place in places)
    return "record" if apart else "attempt"


def coordinates(place: Mapping[str, Any]) -> str:
    """Return "p3 @ 88213", as much of it as is known."""
    partition, offset = place.get("partition"), place.get("offset")
    known = [f"p{partition}" if partition is not None else ""]
    known += [f"@ {offset}" if offset is not None else ""]
    return " ".join(one for one in known if one)


def ns(at: datetime | str) -> int:
    """Return an instant as nanoseconds since 1970."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return to_nanoseconds(moment)
