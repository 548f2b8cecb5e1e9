"""Builders: OTLP as senders write it, made with opentelemetry-proto's own messages."""

from datetime import UTC, datetime
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

from slatrack.domain.spans import Span as Read
from slatrack.otlp.decoding import Wanted, decode

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
T0 = int(NOON.timestamp()) * 10**9
TRACE = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")
SPAN = bytes.fromhex("b7ad6b7169203331")


def any_value(value: Any) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case bytes():
            return AnyValue(bytes_value=value)
        case list():
            return AnyValue(array_value=ArrayValue(values=[any_value(v) for v in value]))
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=key_values(value)))
    return AnyValue(string_value=value)


def key_values(attributes: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def link(trace_id: bytes = TRACE, span_id: bytes = SPAN, **attributes: Any) -> Span.Link:
    return Span.Link(trace_id=trace_id, span_id=span_id, attributes=key_values(attributes))


def span(name: str = "work", attributes: dict[str, Any] | None = None, **fields: Any) -> Span:
    defaults: dict[str, Any] = {
        "trace_id": TRACE,
        "span_id": SPAN,
        "kind": Span.SPAN_KIND_INTERNAL,
        "start_time_unix_nano": T0,
        "end_time_unix_nano": T0 + 1_000_000,
    }
    return Span(name=name, attributes=key_values(attributes or {}), **(defaults | fields))


def span_event(name: str, attributes: dict[str, Any] | None = None, time: int = T0) -> Span.Event:
    return Span.Event(name=name, time_unix_nano=time, attributes=key_values(attributes or {}))


def failed(message: str = "") -> Status:
    return Status(code=Status.STATUS_CODE_ERROR, message=message)


def resource_spans(
    *spans: Span, scope: str = "test", resource: dict[str, Any] | None = None
) -> ResourceSpans:
    found = ResourceSpans()
    found.resource.attributes.extend(
        key_values({"service.name": "shop"} if resource is None else resource)
    )
    scope_spans = found.scope_spans.add()
    scope_spans.scope.name = scope
    scope_spans.spans.extend(spans)
    return found


def export(*spans: Span, scope: str = "test", resource: dict[str, Any] | None = None) -> bytes:
    """Return the bytes of a request with these spans, all of one resource and scope."""
    entry = resource_spans(*spans, scope=scope, resource=resource)
    return ExportTraceServiceRequest(resource_spans=[entry]).SerializeToString()


def read_one(data: bytes, *wanted: str, **options: Any) -> Read:
    """Decode `data`, which holds exactly one good span."""
    decoded = decode(data, wanted=Wanted(frozenset(wanted)), now=NOON, **options)
    assert decoded.rejected == []
    [one] = decoded.spans
    return one
