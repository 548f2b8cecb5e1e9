"""Log records of OTLP in JSON: the raw protobuf of what is given."""

from collections.abc import Mapping
from typing import Any

from slatrack.otlp import wire
from slatrack.otlp.json_parts import (
    an_object,
    any_value,
    attributes,
    enum,
    identifier,
    serialised,
    text,
    whole,
)
from slatrack.otlp.severity import NAMES

SEVERITIES = {
    f"SEVERITY_NUMBER_{name}{step if step > 1 else ''}": 4 * rank + step
    for rank, name in enumerate(NAMES)
    for step in (1, 2, 3, 4)
} | {"SEVERITY_NUMBER_UNSPECIFIED": 0}


def log_record(fields: Mapping[str, Any]) -> bytes:
    """Return a raw LogRecord. An id that is none stays recognisable: it names no trace."""
    body = fields.get("body")
    body = {"stringValue": body} if isinstance(body, str) else an_object(body, "body")
    return serialised(
        wire.LogRecord(
            time=whole(fields, "timeUnixNano", 2**64),
            observed=whole(fields, "observedTimeUnixNano", 2**64),
            severity=enum(fields, "severityNumber", SEVERITIES),
            severity_text=text(fields, "severityText"),
            body=serialised(any_value(body, 0)),
            attributes=attributes(fields),
            dropped_attributes_count=whole(fields, "droppedAttributesCount", 2**32),
            flags=whole(fields, "flags", 2**32),
            trace_id=identifier(fields, "traceId", 16),
            span_id=identifier(fields, "spanId", 8),
            event_name=text(fields, "eventName"),
        )
    )
