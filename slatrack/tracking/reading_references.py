"""References: the events that a journey touches without their being one event's.

A store read links to the trace that last wrote the value, a joined record to the one it was joined
with. Such a link is followed when the journey is read: from the far span to the events it belongs
to. Each of those has references of its own, so that a history can be walked back step by step.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from slatrack.domain.binding import Event, bind
from slatrack.domain.crossings import SpanAt
from slatrack.domain.edges import Reference
from slatrack.domain.facts import Fact, TraceFacts
from slatrack.domain.instants import rfc3339, to_datetime
from slatrack.tracking import models, store
from slatrack.tracking.evidence import Evidence
from slatrack.tracking.packing import unpack_trace

MOST = 200  # links followed
NAMED = 20  # events named of one far span that many share
LARGEST = 4_000_000  # bytes of one far trace's facts: a trace beyond is not opened for this


class Touched(NamedTuple):
    """What a journey touches: by event, and how many links lead to no event that is known."""

    events: list[dict[str, Any]]
    unknown: int


class _Link(NamedTuple):
    near: Fact
    far: Reference


def references(evidence: Evidence) -> Touched:
    """Return the events touched, in the order in which the journey did so."""
    links = _links(evidence)
    if not links:
        return Touched([], 0)
    known = _traces({one.far.trace_id for one in links}, evidence)
    wanted = {(one.far.trace_id, one.far.span_id) for one in links}
    owners = _owners(known, wanted)
    found: dict[tuple[Event, str], dict[str, Any]] = {}
    unknown = 0
    for link in links:
        at = (link.far.trace_id, link.far.span_id)
        events = owners.get(at, [])
        unknown += not events
        for event in events:
            if event != evidence.event:
                far = known[at[0]].facts[at[1]]
                found.setdefault((event, link.far.why), _described(event, link, far))
    return Touched(list(found.values()), unknown)


def _links(evidence: Evidence) -> list[_Link]:
    """The links to follow, the first ones of a journey that has too many."""
    touching = [bound.fact for bound in evidence.bound.values() if bound.fact.references]
    touching.sort(key=lambda one: (one.start, one.span_id))
    return [_Link(one, far) for one in touching for far in one.references[:MOST]][:MOST]


def _traces(trace_ids: Iterable[bytes], evidence: Evidence) -> dict[bytes, TraceFacts]:
    own = evidence.traces
    found = {trace_id: own[trace_id].trace for trace_id in trace_ids if trace_id in own}
    others = [UUID(bytes=trace_id) for trace_id in trace_ids if trace_id not in own]
    for some in store.chunks(others):
        rows = models.Trace.objects.filter(id__in=some).values_list("id", "state")
        for row_id, state in rows:
            if len(state) <= LARGEST:
                found[row_id.bytes] = unpack_trace(state).trace
    return found


def _owners(traces: Mapping[bytes, TraceFacts], wanted: set[SpanAt]) -> dict[SpanAt, list[Event]]:
    """The events that each wanted span belongs to, some of them where there are very many."""
    found: dict[SpanAt, list[Event]] = defaultdict(list)
    for trace_id, trace in traces.items():
        for event, groups in sorted(bind(trace).groups.items(), key=lambda one: one[0]):
            for at in ((trace_id, one.span_id) for group in groups for one in group.facts):
                if at in wanted and len(found[at]) < NAMED:
                    found[at].append(event)
    return found


def _described(event: Event, link: _Link, far: Fact) -> dict[str, Any]:
    return {
        "flow": event[0],
        "key": event[1],
        "why": link.far.why,
        "at": rfc3339(to_datetime(far.end)),
        "before_ms": max(0, link.near.start - far.end) / 1e6,
        "trace_id": link.far.trace_id.hex(),
        "span_id": link.far.span_id.hex(),
        "by": link.near.span_id.hex(),
    }
