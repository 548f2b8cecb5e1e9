"""Spans of OTLP in JSON: each function returns the raw protobuf of what it is given."""

from collections.abc import Mapping
from typing import Any

from slatrack.domain.spans import Kind
from slatrack.otlp import wire
from slatrack.otlp.json_parts import (
    an_object,
    attributes,
    enum,
    identifier,
    members,
    serialised,
    text,
    whole,
)

KINDS = {f"SPAN_KIND_{kind.name}": int(kind) for kind in Kind}
CODES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}


def span(fields: Mapping[str, Any]) -> bytes:
    """Return a raw Span. An id that is none stays recognisable, and is rejected later."""
    return serialised(
        wire.Span(
            trace_id=identifier(fields, "traceId", 16),
            span_id=identifier(fields, "spanId", 8),
            trace_state=text(fields, "traceState"),
            parent_span_id=identifier(fields, "parentSpanId", 8),
            name=text(fields, "name"),
            kind=enum(fields, "kind", KINDS),
            start=whole(fields, "startTimeUnixNano", 2**64),
            end=whole(fields, "endTimeUnixNano", 2**64),
            attributes=attributes(fields),
            dropped_attributes_count=whole(fields, "droppedAttributesCount", 2**32),
            events=[_event(event) for event in members(fields, "events")],
            dropped_events_count=whole(fields, "droppedEventsCount", 2**32),
            links=[_link(link) for link in members(fields, "links")],
            dropped_links=whole(fields, "droppedLinksCount", 2**32),
            status=_status(an_object(fields.get("status"), "status")),
            flags=whole(fields, "flags", 2**32),
        )
    )


def _event(value: Any) -> bytes:
    fields = an_object(value, "events")
    return serialised(
        wire.Event(
            time=whole(fields, "timeUnixNano", 2**64),
            name=text(fields, "name"),
            attributes=attributes(fields),
            dropped_attributes_count=whole(fields, "droppedAttributesCount", 2**32),
        )
    )


def _link(value: Any) -> bytes:
    fields = an_object(value, "links")
    return serialised(
        wire.Link(
            trace_id=identifier(fields, "traceId", 16),
            span_id=identifier(fields, "spanId", 8),
            trace_state=text(fields, "traceState"),
            attributes=attributes(fields),
            dropped_attributes_count=whole(fields, "droppedAttributesCount", 2**32),
            flags=whole(fields, "flags", 2**32),
        )
    )


def _status(fields: Mapping[str, Any]) -> bytes:
    message = text(fields, "message")
    return serialised(wire.Status(message=message, code=enum(fields, "code", CODES)))
