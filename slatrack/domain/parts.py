"""Parts: what each trace contributes to each event's journey.

Pure: the same facts give the same parts. Times are integer nanoseconds since 1970 UTC.
"""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from slatrack.domain.binding import Event, Group, bind
from slatrack.domain.claims import How
from slatrack.domain.facts import TraceFacts


class Sighting(NamedTuple):
    """One span that proves one step."""

    step: str
    start: int
    end: int
    span_id: bytes
    error: bool
    service: str
    by: str
    shared: int
    topic: str | None
    partition: int | None
    offset: int | None


class Part(NamedTuple):
    """What one trace contributes to one journey."""

    sightings: tuple[Sighting, ...]
    spans: int
    start: int
    end: int
    orphans: int  # spans that others name as parent, or link to, and that were never exported
    truncated: bool
    captured: tuple[tuple[str, int, str | int | float | bool], ...]  # name, when, value


def journey_id(flow: str, key: str) -> UUID:
    """Return the id of the journey of event `key` through `flow`: the same for every writer."""
    return UUID(bytes=blake2b(f"{flow}\0{key}".encode(), digest_size=16).digest())


def contributions(trace: TraceFacts) -> dict[Event, Part]:
    """Return what a trace contributes to each event that it knows.

    What many events share is worked out once: a request with a thousand trades costs a thousand
    small sums, not a thousand times all its spans.
    """
    if not trace.given and not any(one.keys or one.instead for one in trace.facts.values()):
        return {}
    binding = bind(trace)
    truncated = trace.truncated or binding.truncated
    if len(binding.groups) == 1:
        [(event, groups)] = binding.groups.items()
        return _incomplete(trace, {event: _part(groups, event[0], trace.facts, truncated)})
    parts: dict[tuple[str, int], Part] = {}
    found: dict[Event, Part] = {}
    for event, groups in binding.groups.items():
        flow = event[0]
        for group in groups:
            if (flow, id(group)) not in parts:
                parts[flow, id(group)] = _part([group], flow, trace.facts, truncated)
        found[event] = _sum([parts[flow, id(group)] for group in groups])
    return _incomplete(trace, found)


def _incomplete(trace: TraceFacts, found: dict[Event, Part]) -> dict[Event, Part]:
    """Mark a flow's only event here where others link to spans of the trace that never came."""
    if not trace.given:
        return found
    linked = {tie.span_id for tie in trace.given if tie.how is How.LINKED}
    missing = len(linked - trace.facts.keys())
    if not missing or not found:
        return found
    alone = Counter(flow for flow, _ in found)
    return {
        event: part._replace(orphans=part.orphans + missing) if alone[event[0]] == 1 else part
        for event, part in found.items()
    }


def _part(groups: Sequence[Group], flow: str, known: Container[bytes], truncated: bool) -> Part:
    """Return what the spans of some groups, all of the same events, come to."""
    facts = groups[0].facts if len(groups) == 1 else [f for group in groups for f in group.facts]
    sightings = [seen for group in groups for seen in _sightings(group, flow)]
    said = [(name, f.start, value) for f in facts if f.captured for name, value in f.captured]
    return Part(
        sightings=tuple(sorted(sightings)),
        spans=len(facts),
        start=min([f.start for f in facts]),
        end=max([f.end for f in facts]),
        orphans=sum([1 for f in facts if f.parent_id and f.parent_id not in known]),
        truncated=truncated,
        captured=earliest(said) if said else (),
    )


def _sum(parts: Sequence[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    return Part(
        sightings=tuple(sorted(s for p in parts for s in p.sightings)),
        spans=sum(p.spans for p in parts),
        start=min(p.start for p in parts),
        end=max(p.end for p in parts),
        orphans=sum(p.orphans for p in parts),
        truncated=parts[0].truncated,
        captured=earliest(c for p in parts for c in p.captured),
    )


_new = tuple.__new__  # quicker than by the names of its fields


def _sightings(group: Group, flow: str) -> list[Sighting]:
    by, shared = group.by.value, len(group.keys)
    return [
        _new(Sighting, (
            step, one.start, one.end, one.span_id, one.error, one.service,
            by, shared, one.topic, one.partition, one.offset,
        ))
        for one in group.facts if one.steps
        for name, step in one.steps if name == flow
    ]  # fmt: skip


def earliest(
    found: Iterable[tuple[str, int, str | int | float | bool]],
) -> tuple[tuple[str, int, str | int | float | bool], ...]:
    """Return of each name the first value that was seen, in order of name."""
    first: dict[str, tuple[str, int, str | int | float | bool]] = {}
    for one in found:
        other = first.get(one[0])
        if other is None or (one[1], repr(one[2])) < (other[1], repr(other[2])):
            first[one[0]] = one
    return tuple(first[name] for name in sorted(first))
