"""Comparing: what an event took, and what others of its flow took around the same time."""

from collections.abc import Iterable, Mapping

from django.db.models import Q, QuerySet

from slatrack.domain.flows import Flow
from slatrack.domain.journeys import fold
from slatrack.domain.legs import legs, seen_in
from slatrack.domain.parts import Part
from slatrack.domain.states import Status
from slatrack.domain.typical import Took, took
from slatrack.tracking import children
from slatrack.tracking.evidence import Evidence, Known
from slatrack.tracking.models import Journey
from slatrack.tracking.packing import StoredTrace, unpack_parts
from slatrack.tracking.trace_rows import read_traces

SAMPLE = 30
LOOKED_AT = 300
ENOUGH = 5  # events before it, or else any
MOST_SPANS = 500  # events of more are no example: to read them takes too long


def taken(known: Known, evidence: Evidence) -> Took:
    """Return what a journey took from step to step."""
    journey = known.journey
    return took(journey, legs(journey, seen_in(journey, known.parts, evidence.facts)))


def others(known: Known) -> list[Took]:
    """Return what the events took that were done and had begun before this one; the last ones.

    Where there are hardly any among those just before it, the newest that are done.
    """
    mine = Journey.objects.filter(flow=known.row.flow_id).exclude(id=known.row.id)
    earlier = mine.filter(started_at__lte=known.row.started_at).order_by("-started_at")
    found = _done(earlier)
    if len(found) < ENOUGH:  # `~Q(ended_at=None)` is what SQLite knows its index by
        found = _done(mine.filter(~Q(ended_at=None)).order_by("-ended_at"))
    return _read(known.journey.flow, found)


def _done(rows: QuerySet[Journey]) -> list[Journey]:
    """The first that are done, of as many as can be looked at whatever the others are."""
    looked = rows.values_list("id", "status", "spans")[:LOOKED_AT]
    ids = [i for i, status, spans in looked if status == Status.DONE and spans <= MOST_SPANS]
    return list(Journey.objects.filter(id__in=ids[:SAMPLE]))


def _read(flow: Flow, rows: Iterable[Journey]) -> list[Took]:
    parts = {row: unpack_parts(row.parts) for row in rows}
    traces = read_traces({trace_id for own in parts.values() for trace_id in own})
    return [one for row, own in parts.items() if (one := _took(flow, row, own, traces))]


def _took(
    flow: Flow, row: Journey, own: Mapping[bytes, Part], traces: Mapping[bytes, StoredTrace]
) -> Took | None:
    journey = fold(flow, row.key, own, children.read(row.children))
    if journey is None:
        return None
    facts = {
        (trace_id, span_id): one
        for trace_id in own.keys() & traces.keys()
        for span_id, one in traces[trace_id].trace.facts.items()
    }
    return took(journey, legs(journey, seen_in(journey, own, facts)))
