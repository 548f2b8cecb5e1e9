"""A span: one OpenTelemetry span as received, cleaned, with what matching and binding need."""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

Value = str | int | float | bool | tuple[str, ...]

NO_ATTRIBUTES: Mapping[str, Value] = {}


class Kind(IntEnum):
    """OTLP's SpanKind."""

    UNSPECIFIED = 0
    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


class Origin(NamedTuple):
    """What the spans of one OTLP ScopeSpans have in common, as received."""

    resource: Mapping[str, Value]
    scope: str
    raw_resource: bytes
    raw_scope: bytes


class Link(NamedTuple):
    """A link to another span; the message coordinates where the link names them."""

    trace_id: bytes
    span_id: bytes
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None


class Span(NamedTuple):
    """One span.

    Ids are raw bytes (16 and 8; `parent_id` is empty for a root). Times are integer nanoseconds
    since 1970 UTC. `attributes` holds the wanted ones only, under their newest semantic-convention
    names. `raw` is the span's own OTLP message, untouched: it is kept as evidence.
    """

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    kind: int
    name: str
    start: int
    end: int
    error: bool
    service: str
    topic: str | None
    partition: int | None
    offset: int | None
    operation: str | None
    attributes: Mapping[str, Value]
    links: tuple[Link, ...]
    dropped_links: int
    origin: Origin
    raw: bytes
