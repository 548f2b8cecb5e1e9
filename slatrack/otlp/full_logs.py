"""A log record in full, for people: everything that was sent, as plain JSON-safe values."""

from typing import Any

from slatrack.otlp import plain, wire
from slatrack.otlp.attributes import CUT
from slatrack.otlp.log_decoding import LogRecord
from slatrack.otlp.plain import rfc3339
from slatrack.otlp.severity import word
from slatrack.otlp.values import MAX_NAME, text

EXCEPTION = "exception."


def explain_log(stored: LogRecord) -> dict[str, Any]:
    """Return all that a stored log record says. Never raises for what a sender may have written.

    `severity` is trace, debug, info, warn, error, fatal or empty; `time` is when it happened, or,
    where the sender did not say, when it was first seen. `time_ns` is for sorting.
    """
    log = plain.parse(wire.LogRecord, stored.raw)
    resource = plain.attributes(plain.parse(wire.Resource, stored.raw_resource).attributes)
    scope = plain.scope(stored.raw_scope)
    attributes = plain.attributes(log.attributes)
    severity_text = text(log.severity_text, MAX_NAME)
    at = log.time or log.observed
    return {
        "time": rfc3339(at) if at else "",
        "time_ns": at,
        "observed": rfc3339(log.observed) if log.observed else "",
        "trace_id": log.trace_id.hex(),
        "span_id": log.span_id.hex() if len(log.span_id) == 8 and any(log.span_id) else "",
        "severity": word(log.severity, severity_text),
        "severity_number": log.severity,
        "severity_text": severity_text,
        "event_name": text(log.event_name or _old_event_name(attributes), MAX_NAME),
        "body": plain.value(plain.parse(wire.AnyValue, log.body)),
        "exception": _exception(attributes),
        "attributes": attributes,
        "service": plain.service(attributes, resource, scope["name"]),
        "resource": resource,
        "scope": scope,
        "dropped_attributes": log.dropped_attributes_count,
        "cut": CUT in attributes,
    }


def _old_event_name(attributes: dict[str, Any]) -> bytes:
    """The name of an event as it was sent before records had a field for it."""
    return str(attributes.get("event.name", "")).encode("utf-8", "replace")


def _exception(attributes: dict[str, Any]) -> dict[str, str] | None:
    found = {
        name: str(attributes[EXCEPTION + name])
        for name in ("type", "message", "stacktrace")
        if attributes.get(EXCEPTION + name) not in (None, "")
    }
    return found or None


__all__ = ["explain_log", "rfc3339"]
