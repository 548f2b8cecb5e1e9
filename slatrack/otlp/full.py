"""A span in full, for people: everything that was sent, as plain JSON-safe values."""

from typing import Any

from slatrack.domain.spans import Kind
from slatrack.otlp import plain, wire
from slatrack.otlp.attributes import CUT, plan
from slatrack.otlp.cleaning import UNNAMED, parent
from slatrack.otlp.namings import Naming
from slatrack.otlp.plain import rfc3339
from slatrack.otlp.services import logical_service, resource_name
from slatrack.otlp.values import MAX_NAME, text

STATUSES = ("unset", "ok", "error")
SAMPLED = 1  # W3C trace flag; where no flag at all is set the sender does not say


def explain(
    raw_resource: bytes, raw_scope: bytes, raw_span: bytes, namings: tuple[Naming, ...] = ()
) -> dict[str, Any]:
    """Return all that a stored span says. Never raises for what a sender may have written.

    Times are RFC 3339 with nanoseconds; ids are hex; `kind` and `status` are words; `sampled` is
    None where the sender does not say.
    """
    span = plain.parse(wire.Span, raw_span)
    resource = plain.attributes(plain.parse(wire.Resource, raw_resource).attributes)
    scope = plain.scope(raw_scope)
    attributes = plain.attributes(span.attributes)
    end = max(span.start, span.end)
    return {
        "trace_id": span.trace_id.hex(),
        "span_id": span.span_id.hex(),
        "parent_id": parent(span.parent_span_id, span.span_id).hex(),
        "name": text(span.name, MAX_NAME).strip() or UNNAMED,
        "kind": Kind(span.kind if 0 <= span.kind <= 5 else 0).name.lower(),
        **_status(span.status),
        **_times(span.start or end, end),
        "service": logical_service(
            plan(frozenset(), namings).read(span.attributes),
            resource_name(resource),
            scope["name"],
        ),
        "attributes": attributes,
        "events": [_event(raw) for raw in span.events],
        "links": [_link(raw) for raw in span.links],
        "resource": resource,
        "scope": scope,
        "trace_state": text(span.trace_state),
        "sampled": bool(span.flags & SAMPLED) if span.flags else None,
        "dropped": {
            "attributes": span.dropped_attributes_count,
            "events": span.dropped_events_count,
            "links": span.dropped_links,
        },
        "cut": CUT in attributes,
    }


def _status(raw: bytes) -> dict[str, Any]:
    status = plain.parse(wire.Status, raw)
    word = STATUSES[status.code] if 0 <= status.code < len(STATUSES) else STATUSES[0]
    return {
        "status": word,
        "status_message": text(status.message, plain.MAX_TEXT),
        "error": word == STATUSES[2],
    }


def _times(start: int, end: int) -> dict[str, Any]:
    return {
        "start": rfc3339(start),
        "end": rfc3339(end),
        "start_ns": start,
        "end_ns": end,
        "duration_ms": (end - start) / 1e6,
    }


def _event(raw: bytes) -> dict[str, Any]:
    event = plain.parse(wire.Event, raw)
    return {
        "time": rfc3339(event.time),
        "name": text(event.name, MAX_NAME),
        "attributes": plain.attributes(event.attributes),
    }


def _link(raw: bytes) -> dict[str, Any]:
    link = plain.parse(wire.Link, raw)
    return {
        "trace_id": link.trace_id.hex(),
        "span_id": link.span_id.hex(),
        "attributes": plain.attributes(link.attributes),
    }


__all__ = ["explain", "rfc3339"]
