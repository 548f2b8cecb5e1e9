"""Spans for tests, already decoded: each function makes one, told only what the test is about."""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from opentelemetry.proto.trace.v1 import trace_pb2 as otlp

from slatrack.domain.instants import to_nanoseconds
from slatrack.domain.spans import Kind, Link, Origin, Span

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOON_NS = to_nanoseconds(NOON)
SECOND = 1_000_000_000
ORIGIN = Origin({}, "tests", b"", b"")


def trace_id(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=16).digest()


def span_id(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=8).digest()


def span(
    name: str,
    *,
    trace: str = "trace",
    parent: str = "",
    kind: Kind = Kind.INTERNAL,
    at: float = 0,
    took: float = 1,
    error: bool = False,
    service: str = "service",
    topic: str | None = None,
    attributes: dict[str, Any] | None = None,
    span_name: str | None = None,
    links: tuple[Link, ...] = (),
) -> Span:
    """Return a span that starts `at` seconds after noon. Names stand for ids."""
    start = NOON_NS + round(at * SECOND)
    one = Span(
        trace_id=trace_id(trace),
        span_id=span_id(name),
        parent_id=span_id(parent) if parent else b"",
        kind=int(kind),
        name=span_name or name,
        start=start,
        end=start + round(took * SECOND),
        error=error,
        service=service,
        topic=topic,
        partition=None,
        offset=None,
        operation=None,
        attributes=attributes or {},
        links=links,
        dropped_links=0,
        origin=ORIGIN,
        raw=b"",
    )
    return one._replace(raw=_as_sent(one))


def _as_sent(one: Span) -> bytes:
    sent = otlp.Span(
        trace_id=one.trace_id,
        span_id=one.span_id,
        parent_span_id=one.parent_id,
        kind=one.kind,
        name=one.name,
        start_time_unix_nano=one.start,
        end_time_unix_nano=one.end,
    )
    return sent.SerializeToString()
