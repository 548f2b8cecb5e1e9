"""The way of an event as a drawing: one waterfall over all its traces, in percent of its width."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards import words
from dashboards.axis import Axis, Mark, axis, marks, ticks
from dashboards.journey_data import JourneyData
from dashboards.way_lines import Line, failed, handled, hole, ns, waiting, working
from slatrack.domain.topics import internal

ALL_OF = 40  # up to so many spans are shown at once
MOST = 1_000  # rows drawn at most
NAMED_KINDS = ("link", "message", "message key", "trace")


@dataclass(frozen=True, slots=True)
class Way:
    """The drawing: lines, the marks across them, the axis, and how many spans are not shown."""

    lines: list[Line]
    marks: list[Mark]
    ticks: list[tuple[float, str]]
    spans: int
    traces: int
    hidden: int
    folded: int  # of those, the ones of topics that platforms make for themselves


def way(data: JourneyData, *, now: datetime, whole: bool = False) -> Way:
    """Draw a journey at `now`; `whole` draws each span, not only those that prove steps."""
    across = axis(data, now=now)
    chosen = _chosen(data.spans, whole=whole)
    inside, ahead = _holes(data, across, now)
    lines = list(_lines(data, chosen, across, inside))
    lines += [hole for holes in inside.values() for hole in holes]  # before what is not drawn
    lines += _current(data, across, now)
    lines += ahead
    return Way(
        lines=lines,
        marks=marks(data, across, now=now),
        ticks=ticks(across),
        spans=data.total,
        traces=len(data.described["traces"]),
        hidden=data.total - len(chosen),
        folded=0 if whole else sum(1 for one in data.spans if _internal(one)),
    )


def _chosen(spans: list[dict[str, Any]], *, whole: bool) -> list[dict[str, Any]]:
    if whole:
        return spans[:MOST]
    outside = [one for one in spans if not _internal(one)]
    if len(outside) <= ALL_OF:
        return outside
    return [one for one in outside if one["step"] or failed(one)][:MOST]


def _internal(span: Mapping[str, Any]) -> bool:
    """Whether a span is of a topic that a platform made for itself, and neither failed nor a step.

    Changelogs and repartitions are part of the way, but seldom what people look for.
    """
    topic = span["topic"]
    return bool(topic and internal(topic) and not span["step"] and not failed(span))


def _lines(
    data: JourneyData,
    chosen: list[dict[str, Any]],
    across: Axis,
    holes: dict[str, list[Line]],
) -> Iterator[Line]:
    """Yield the lines trace by trace; takes the holes before a step that it draws from `holes`."""
    waits = _waits(data, across)
    numbered = attempts(data.spans)
    traces: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for span in chosen:
        traces[span["trace_id"]].append(span)
    order = {step.name: number for number, step in enumerate(data.steps)}
    for trace_id, spans in sorted(traces.items(), key=lambda one: _first_step(one[1], order)):
        if len(traces) > 1:
            yield Line("trace", f"trace {trace_id[:8]}…", _trace(spans))
        for span, depth in _tree(spans):
            yield from holes.pop(span["step"] or "", ())
            yield from waits.pop(span["step"] or "", ())
            yield working(span, depth, across, numbered.get(span["span_id"], ""))


def _first_step(spans: Iterable[Mapping[str, Any]], order: Mapping[str, int]) -> int:
    """The place in the flow of the first step that a trace proves; traces without any are last."""
    return min((order.get(span["step"] or "", len(order)) for span in spans), default=len(order))


def _trace(spans: list[dict[str, Any]]) -> str:
    """Say how many spans a trace has here, and by what it was joined to the others."""
    found = {span["bound_by"] for span in spans}
    joined = next((kind for kind in NAMED_KINDS if kind in found), "")
    count = f"{len(spans):,} span{'' if len(spans) == 1 else 's'}"
    return f"{count}, joined by {joined}" if joined else count


def attempts(spans: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return "attempt 2 of 3" for the spans of steps that were seen more than once, by span id.

    Where each is of a message of its own they are no attempts: "record 2 of 3".
    """
    steps: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for span in spans:
        if span["step"]:
            steps[span["step"]].append(span)
    return {
        span["span_id"]: f"{handled(seen)} {number} of {len(seen)}"
        for seen in steps.values()
        if len(seen) > 1
        for number, span in enumerate(seen, 1)
    }


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


def _waits(data: JourneyData, across: Axis) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for leg in data.described["legs"]:
        after = data.seen(leg["to"])
        if after is not None and (leg["waiting_ms"] or leg["skew_ms"]):
            found[leg["to"]].append(waiting(leg, after, across))
    return found


def _current(data: JourneyData, across: Axis, now: datetime) -> Iterable[Line]:
    """The time since an event in flight was last seen: it waits, or is worked on unseen."""
    if not data.in_flight or data.now_at is None:
        return
    start, length = ns(data.row.step_at), ns(now) - ns(data.row.step_at)
    title, detail = f"after {data.row.step}", "waiting, or work that has not ended"
    text = f"not seen for {words.duration(length / 1e9)}"
    if parts := data.parts_awaited:
        title, detail = "its parts", f"{parts['done']:,} of {parts['wanted']:,} done"
        text = f"waiting for them {words.duration(length / 1e9)}"
    x, width = across.at(start), across.width(start, ns(now))
    yield Line("waiting", title, detail, x, width, text, start, length)


def _holes(
    data: JourneyData, across: Axis, now: datetime
) -> tuple[dict[str, list[Line]], list[Line]]:
    """The steps that were not seen: those passed, by the seen step after them, and the others."""
    ends = {one["step"]: one["ended_at"] for one in data.described["steps"]}
    passed, inside, ahead = data.passed, defaultdict(list), []
    for gap in data.described["gaps"]:
        if gap["step"] in passed:
            before = _next_seen(data, gap["step"])
            start = ns(_last_before(data, gap["step"], ends))
            inside[before].append(hole(gap, start, across, ended=not data.in_flight))
        else:
            start = ns(now if data.in_flight else _last_before(data, gap["step"], ends))
            ahead.append(hole(gap, start, across, ended=not data.in_flight))
    return inside, ahead


def _next_seen(data: JourneyData, step: str) -> str:
    """Return the first seen step after `step`, in the flow's order."""
    names = [one.name for one in data.steps]
    return next((name for name in names[names.index(step) :] if data.seen(name)), "")


def _last_before(data: JourneyData, step: str, ends: Mapping[str, str]) -> str:
    """Return when the last seen step before `step` ended, in the flow's order."""
    found: str = data.described["started_at"]
    for one in data.steps:
        if one.name == step:
            break
        found = ends.get(one.name, found)
    return found
