"""A span in full, for people: everything that was sent, as plain JSON-safe values."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from slatrack.domain.spans import Kind
from slatrack.otlp import wire
from slatrack.otlp.attributes import CUT
from slatrack.otlp.cleaning import UNNAMED, parent
from slatrack.otlp.services import logical_service, resource_name
from slatrack.otlp.values import MAX_NAME, number, text
from slatrack.otlp.vocabulary import SERVICE

MAX_TEXT = 16_384  # characters of one value; stack traces are long
MAX_MEMBERS = 1_000
MAX_DEPTH = 20
STATUSES = ("unset", "ok", "error")
SAMPLED = 1  # W3C trace flag; where no flag at all is set the sender does not say


def explain(raw_resource: bytes, raw_scope: bytes, raw_span: bytes) -> dict[str, Any]:
    """Return all that a stored span says. Never raises for what a sender may have written.

    Times are RFC 3339 with nanoseconds; ids are hex; `kind` and `status` are words; `sampled` is
    None where the sender does not say.
    """
    span = _parse(wire.Span, raw_span)
    resource = _attributes(_parse(wire.Resource, raw_resource).attributes)
    scope = _parse(wire.Scope, raw_scope)
    attributes = _attributes(span.attributes)
    end = max(span.start, span.end)
    return {
        "trace_id": span.trace_id.hex(),
        "span_id": span.span_id.hex(),
        "parent_id": parent(span.parent_span_id, span.span_id).hex(),
        "name": text(span.name, MAX_NAME).strip() or UNNAMED,
        "kind": Kind(span.kind if 0 <= span.kind <= 5 else 0).name.lower(),
        **_status(span.status),
        **_times(span.start or end, end),
        "service": _service(attributes, resource, text(scope.name, MAX_NAME)),
        "attributes": attributes,
        "events": [_event(raw) for raw in span.events],
        "links": [_link(raw) for raw in span.links],
        "resource": resource,
        "scope": {
            "name": text(scope.name, MAX_NAME),
            "version": text(scope.version, MAX_NAME),
            "attributes": _attributes(scope.attributes),
        },
        "trace_state": text(span.trace_state),
        "sampled": bool(span.flags & SAMPLED) if span.flags else None,
        "dropped": {
            "attributes": span.dropped_attributes_count,
            "events": span.dropped_events_count,
            "links": span.dropped_links,
        },
        "cut": CUT in attributes,
    }


def _parse(message: Any, raw: bytes) -> Any:
    try:
        return message.FromString(raw)
    except wire.DecodeError:
        return message()


def _service(attributes: dict[str, Any], resource: dict[str, Any], scope: str) -> str:
    return logical_service(
        {SERVICE: attributes[SERVICE]} if SERVICE in attributes else {},
        resource_name(resource),
        scope,
    )


def _status(raw: bytes) -> dict[str, Any]:
    status = _parse(wire.Status, raw)
    word = STATUSES[status.code] if 0 <= status.code < len(STATUSES) else STATUSES[0]
    return {
        "status": word,
        "status_message": text(status.message, MAX_TEXT),
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


def rfc3339(nanos: int) -> str:
    """Return an instant with all its nanoseconds; empty where there is none a calendar has."""
    seconds, rest = divmod(nanos, 10**9)
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _event(raw: bytes) -> dict[str, Any]:
    event = _parse(wire.Event, raw)
    return {
        "time": rfc3339(event.time),
        "name": text(event.name, MAX_NAME),
        "attributes": _attributes(event.attributes),
    }


def _link(raw: bytes) -> dict[str, Any]:
    link = _parse(wire.Link, raw)
    return {
        "trace_id": link.trace_id.hex(),
        "span_id": link.span_id.hex(),
        "attributes": _attributes(link.attributes),
    }


def _attributes(raws: Iterable[bytes]) -> dict[str, Any]:
    return _pairs(_parse(wire.KeyValue, raw) for raw in raws)


def _pairs(pairs: Iterable[Any], depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        if len(found) < MAX_MEMBERS:
            found.setdefault(text(pair.key, MAX_NAME), _value(pair.value, depth))
    return found


def _value(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        return "(nested too deeply)"
    match value.WhichOneof("value"):
        case "string_value":
            return text(value.string_value, MAX_TEXT)
        case "bytes_value":
            return value.bytes_value[: MAX_TEXT // 2].hex()
        case "int_value":
            return value.int_value
        case "bool_value":
            return value.bool_value
        case "double_value":
            return number(value.double_value)
        case "array_value":
            return [_value(one, depth + 1) for one in value.array_value.values[:MAX_MEMBERS]]
        case "kvlist_value":
            return _pairs(value.kvlist_value.values[:MAX_MEMBERS], depth + 1)
    return None
