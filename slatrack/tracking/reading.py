"""Journeys for readers: as the API, the commands and the pages give them. Writes nothing."""

from datetime import datetime
from typing import Any

from slatrack.domain.confidence import confidence
from slatrack.domain.gaps import Gap, Read, Reason
from slatrack.domain.instants import rfc3339, to_datetime
from slatrack.domain.journeys import Journey, StepSeen
from slatrack.domain.legs import Leg, legs, seen_in
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking import sources
from slatrack.tracking.evidence import Evidence, Known, find
from slatrack.tracking.reading_bonds import bonds
from slatrack.tracking.reading_deadlines import deadlines_of
from slatrack.tracking.reading_gaps import gaps_of
from slatrack.tracking.reading_references import references
from slatrack.tracking.reading_skew import skews

MILLISECOND = 1_000_000  # nanoseconds


def journey(flow: str, key: str, *, now: datetime) -> dict[str, Any] | None:
    """Return the journey in the API's shape (docs/api.md); None if there is none."""
    flows = flows_in_force.current()
    known = find(flow, key, flows)
    return describe(known, Evidence(known), now=now) if known else None


def describe(known: Known, evidence: Evidence, *, now: datetime) -> dict[str, Any]:
    """Return a found journey in the API's shape."""
    row, seen = known.row, known.journey
    read = Read(now, sources.watermarks(now).of(known.journey.flow.name) or now)
    steps = seen_in(seen, known.parts, evidence.facts)
    found = legs(seen, steps)
    touched = references(evidence)
    holes = gaps_of(known, evidence, read)
    return {
        "flow": seen.flow.name,
        "key": seen.key,
        "status": row.status,
        "complete": seen.complete and not any(one.reason is Reason.DROPPED for one in holes),
        "truncated": seen.truncated,
        "started_at": rfc3339(to_datetime(seen.started)),
        "ended_at": None if seen.ended is None else rfc3339(to_datetime(seen.ended)),
        "steps": [_step(one, seen) for one in seen.steps],
        "legs": [_leg(one) for one in found],
        "skews": skews(found, steps, evidence),
        "deadlines": deadlines_of(row, now=now),
        "traces": [trace_id.hex() for trace_id in seen.traces],
        "references": touched.events,
        "references_unknown": touched.unknown,
        "gaps": [_gap(one) for one in holes],
        "spans": seen.spans,
        "attributes": dict(seen.attributes),
        **bonds(known, evidence),
    }


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
        "times": one.times,
        "good": one.good,
        "error": one.error,
        "bound_by": one.by,
        "confidence": confidence(one.by),
        "topic": last.topic,
        "partition": last.partition,
        "offset": last.offset,
        "shared": last.shared,
    }


def _leg(leg: Leg) -> dict[str, Any]:
    return {
        "from": leg.before,
        "to": leg.after,
        "waiting_ms": leg.waiting / MILLISECOND,
        "working_ms": leg.working / MILLISECOND,
        "skew_ms": leg.skew / MILLISECOND,
        "partial": leg.partial,
        "why": leg.why or None,
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "step": gap.step,
        "reason": gap.reason.value,
        "sentence": gap.sentence,
        "service": gap.service,
        "remedy": gap.remedy,
    }


def journey_spans(flow: str, key: str) -> list[dict[str, Any]]:
    """Return the spans of a journey by start, whole as received, with why each is bound."""
    known = find(flow, key, flows_in_force.current())
    return Evidence(known).spans if known else []
