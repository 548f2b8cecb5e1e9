"""The way of an event as a drawing: one waterfall over all its traces, in percent of its width."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dashboards import words
from dashboards.axis import Axis, Mark, axis, marks, ticks
from dashboards.journey_data import JourneyData
from slatrack.domain.instants import to_nanoseconds

ALL_OF = 40  # up to so many spans are shown at once
MOST = 1_000  # rows drawn at most


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the waterfall. `kind`: trace, working, waiting, hole."""

    kind: str
    title: str
    detail: str = ""
    x: float = 0.0
    width: float = 0.0
    text: str = ""
    span_id: str = ""
    depth: int = 0
    step: bool = False
    error: bool = False

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
        return self.end > 72

    @property
    def within(self) -> bool:
        """Whether the text stands on the bar, as there is room neither behind nor before it."""
        return self.end > 72 and self.x < 30


@dataclass(frozen=True, slots=True)
class Way:
    """The drawing: lines, the marks across them, the axis, and how many spans are not shown."""

    lines: list[Line]
    marks: list[Mark]
    ticks: list[tuple[float, str]]
    spans: int
    traces: int
    hidden: int


def way(data: JourneyData, *, now: datetime, whole: bool = False) -> Way:
    """Draw a journey at `now`; `whole` draws each span, not only those that prove steps."""
    across = axis(data, now=now)
    chosen = _chosen(data.spans, whole=whole)
    lines = list(_lines(data, chosen, across))
    lines += _current(data, across, now)
    lines += _holes(data, across, now)
    return Way(
        lines=lines,
        marks=marks(data, across, now=now),
        ticks=ticks(across),
        spans=len(data.spans),
        traces=len({span["trace_id"] for span in data.spans}),
        hidden=len(data.spans) - len(chosen),
    )


def _chosen(spans: list[dict[str, Any]], *, whole: bool) -> list[dict[str, Any]]:
    if whole or len(spans) <= ALL_OF:
        return spans[:MOST]
    return [one for one in spans if one["step"] or failed(one)][:MOST]


def failed(span: Mapping[str, Any]) -> bool:
    """Whether a span ended in an error."""
    status = span.get("status")
    code = status.get("code") if isinstance(status, Mapping) else status
    return str(code).lower().removeprefix("status_code_") == "error"


def _lines(data: JourneyData, chosen: list[dict[str, Any]], across: Axis) -> Iterator[Line]:
    waits = _waits(data, across)
    traces: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for span in chosen:
        traces[span["trace_id"]].append(span)
    for trace_id, spans in traces.items():
        if len(traces) > 1:
            yield Line("trace", f"trace {trace_id[:8]}…", f"{len(spans)} spans")
        for span, depth in _tree(spans):
            yield from waits.pop(span["step"] or "", ())
            yield _working(span, depth, across)


def _tree(spans: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield spans with their depth, children after their parent, by start; without recursion."""
    known = {span["span_id"] for span in spans}
    children: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for span in spans:
        parent = span["parent_id"] if span["parent_id"] in known else ""
        children["" if parent == span["span_id"] else parent or ""].append(span)
    stack = [(span, 0) for span in reversed(children.pop("", []))]
    while stack:
        span, depth = stack.pop()
        yield span, depth
        below = children.pop(span["span_id"], [])
        stack += [(child, depth + 1) for child in reversed(below)]
    for ring in children.values():  # spans that are each other's parents
        yield from ((span, 0) for span in ring)


def _working(span: dict[str, Any], depth: int, across: Axis) -> Line:
    text = words.duration((span["end_ns"] - span["start_ns"]) / 1e9)
    if span["shared"] > 1:
        text += f", one of {span['shared']} in this {span.get('kind') or 'span'}"
    return Line(
        kind="working",
        title=span["service"] or "",
        detail=span["name"],
        x=across.at(span["start_ns"]),
        width=across.width(span["start_ns"], span["end_ns"]),
        text=text,
        span_id=span["span_id"],
        depth=min(depth, 12),
        step=bool(span["step"]),
        error=failed(span),
    )


def _waits(data: JourneyData, across: Axis) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for leg in data.described["legs"]:
        after = data.seen(leg["to"])
        if after is None or not leg["waiting_ms"]:
            continue
        end = ns(after["started_at"])
        start = end - int(leg["waiting_ms"] * 1e6)
        text = f"waiting {words.duration(leg['waiting_ms'] / 1000)}"
        text += ", a step between was not seen" if leg["partial"] else ""
        line = Line("waiting", *_place(after, leg["from"]), text=text)
        found[leg["to"]].append(replace(line, x=across.at(start), width=across.width(start, end)))
    return found


def _place(step: Mapping[str, Any] | None, before: str) -> tuple[str, str]:
    if step is None or not step["topic"]:
        return f"after {before}", ""
    return step["topic"], coordinates(step)


def coordinates(place: Mapping[str, Any]) -> str:
    """Return "p3 @ 88213", as much of it as is known."""
    partition, offset = place.get("partition"), place.get("offset")
    known = [f"p{partition}" if partition is not None else ""]
    known += [f"@ {offset}" if offset is not None else ""]
    return " ".join(one for one in known if one)


def _current(data: JourneyData, across: Axis, now: datetime) -> Iterable[Line]:
    if not data.in_flight or data.row.working or data.now_at is None:
        return
    start = ns(data.row.step_at)
    text = f"waiting {words.duration(now - data.row.step_at)}"
    title, detail = f"after {data.row.step}", "not picked up yet"
    yield Line("waiting", title, detail, across.at(start), across.width(start, ns(now)), text)


def _holes(data: JourneyData, across: Axis, now: datetime) -> Iterator[Line]:
    ends = {one["step"]: one["ended_at"] for one in data.described["steps"]}
    for gap in data.described["gaps"]:
        ahead = gap["reason"] != "missing"
        start = ns(now) if ahead and data.in_flight else ns(_last_before(data, gap["step"], ends))
        x = min(across.at(start), 94.0)
        yield Line("hole", gap["step"], "not seen", x, min(7.0, 100 - x), GAPS[gap["reason"]])


GAPS = {
    "not yet": "not yet",
    "telemetry late": "telemetry is late",
    "missing": "no span of it was ever received",
}


def _last_before(data: JourneyData, step: str, ends: Mapping[str, str]) -> str:
    """Return when the last seen step before `step` ended, in the flow's order."""
    found: str = data.described["started_at"]
    for one in data.steps:
        if one.name == step:
            break
        found = ends.get(one.name, found)
    return found


def ns(at: datetime | str) -> int:
    """Return an instant as nanoseconds since 1970."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return to_nanoseconds(moment)
