"""Journeys for readers: as the API, the commands and the pages give them. Writes nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from slatrack.domain.binding import Bound, bind
from slatrack.domain.instants import rfc3339, to_datetime
from slatrack.domain.journeys import Journey, StepSeen, fold
from slatrack.domain.legs import gaps, legs
from slatrack.domain.parts import Part, journey_id
from slatrack.domain.sentences import verdict_sentence
from slatrack.domain.states import Status
from slatrack.otlp.full import explain
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking import models, sources, span_blocks
from slatrack.tracking.decisions import Decided
from slatrack.tracking.flows import Flows
from slatrack.tracking.journey_rows import load_deadlines
from slatrack.tracking.packing import unpack_parts, unpack_trace

MILLISECOND = 1_000_000  # nanoseconds


class Known(NamedTuple):
    """A journey found: its row, its parts by trace id, and the journey they make."""

    row: models.Journey
    parts: Mapping[bytes, Part]
    journey: Journey


def find(flow: str, key: str, flows: Flows) -> Known | None:
    """Return the journey of event `key` in `flow`; None if there is none."""
    row = models.Journey.objects.filter(id=journey_id(flow, key)).first()
    if row is None or flow not in flows.flows:
        return None
    parts = unpack_parts(row.parts)
    journey = fold(flows.flows[flow], key, parts)
    return Known(row, parts, journey) if journey else None


def journey(flow: str, key: str, *, now: datetime) -> dict[str, Any] | None:
    """Return the journey in the API's shape (docs/api.md); None if there is none."""
    flows = flows_in_force.current()
    known = find(flow, key, flows)
    return describe(known, now=now) if known else None


def describe(known: Known, *, now: datetime) -> dict[str, Any]:
    """Return a found journey in the API's shape."""
    row, seen = known.row, known.journey
    watermark = sources.watermark(now) or now
    deadlines = [state for _, _, state in load_deadlines([row.id])]
    return {
        "flow": seen.flow.name,
        "key": seen.key,
        "status": row.status,
        "complete": seen.complete,
        "truncated": seen.truncated,
        "started_at": rfc3339(to_datetime(seen.started)),
        "ended_at": None if seen.ended is None else rfc3339(to_datetime(seen.ended)),
        "steps": [_step(one, seen) for one in seen.steps],
        "legs": [
            {
                "from": leg.before,
                "to": leg.after,
                "waiting_ms": leg.waiting / MILLISECOND,
                "working_ms": leg.working / MILLISECOND,
                "skew_ms": leg.skew / MILLISECOND,
                "partial": leg.partial,
            }
            for leg in legs(seen)
        ],
        "deadlines": [_deadline(one, now) for one in sorted(deadlines, key=_by_due)],
        "traces": [trace_id.hex() for trace_id in seen.traces],
        "references": [],
        "gaps": [
            {"step": gap.step, "reason": gap.reason}
            for gap in gaps(seen, Status(row.status), now=now, watermark=watermark)
        ],
        "spans": seen.spans,
        "attributes": dict(seen.attributes),
    }


def _by_due(one: Decided) -> tuple[bool, float, str]:
    return one.due_at is None, one.due_at.timestamp() if one.due_at else 0.0, one.name


def _step(one: StepSeen, seen: Journey) -> dict[str, Any]:
    last, step = one.sighting, seen.flow.step(one.step)
    return {
        "step": one.step,
        "role": step.role.value,
        "required": step.required,
        "service": last.service,
        "started_at": rfc3339(to_datetime(one.start)),
        "ended_at": rfc3339(to_datetime(one.end)),
        "reached_at": None if one.reached is None else rfc3339(to_datetime(one.reached)),
        "attempts": one.attempts,
        "error": one.error,
        "bound_by": one.by,
        "topic": last.topic,
        "partition": last.partition,
        "offset": last.offset,
        "shared": last.shared,
    }


def _deadline(one: Decided, now: datetime) -> dict[str, Any]:
    return {
        "deadline": one.name,
        "version": one.version,
        "severity": one.severity,
        "started_at": rfc3339(one.started_at),
        "due_at": rfc3339(one.due_at),
        "warn_at": rfc3339(one.warnings[0]) if one.warnings else None,
        "warnings": [rfc3339(at) for at in one.warnings],
        "verdict": one.verdict.value,
        "reached_at": rfc3339(one.reached_at),
        "watermark": rfc3339(one.watermark),
        "reason": one.reason,
        "sentence": verdict_sentence(
            one.verdict, due_at=one.due_at, reached_at=one.reached_at, reason=one.reason, now=now
        ),
    }


def journey_spans(flow: str, key: str) -> list[dict[str, Any]]:
    """Return the spans of a journey by start, whole as received, with why each is bound."""
    known = find(flow, key, flows_in_force.current())
    if known is None:
        return []
    ids = [UUID(bytes=trace_id) for trace_id in known.parts]
    rows = models.Trace.objects.filter(id__in=ids).values_list("id", "state")
    traces = {row_id.bytes: unpack_trace(state) for row_id, state in rows}
    stored = span_blocks.load({trace_id: one.blocks for trace_id, one in traces.items()})
    bound = {
        (trace_id, one.fact.span_id): one
        for trace_id, trace in traces.items()
        for one in bind(trace.trace).spans((flow, key))
    }
    found = [
        _span(explain(one.raw_resource, one.raw_scope, one.raw), binding, flow)
        for one in stored
        if (binding := bound.get((one.trace_id, one.span_id)))
    ]
    return sorted(found, key=lambda span: (span["start_ns"], span["span_id"]))


def _span(whole: dict[str, Any], bound: Bound, flow: str) -> dict[str, Any]:
    one = bound.fact
    said = bool(one.keys or one.steps)  # only such facts hold more than their place
    cleaned = {
        "service": one.service,
        "topic": one.topic,
        "partition": one.partition,
        "offset": one.offset,
    }
    return {
        **whole,
        **(cleaned if said else {}),
        "step": next((step for name, step in one.steps if name == flow), None),
        "bound_by": bound.by.value,
        "shared": bound.shared,
    }
