"""Cutting: a span or resource too large to be kept whole is kept in part, and says so."""

from typing import Any

from slatrack.otlp import wire
from slatrack.otlp.attributes import CUT
from slatrack.otlp.values import MAX_TEXT

ATTRIBUTE = 4 * MAX_TEXT  # bytes; a larger attribute loses its end first


def cut_span(raw: bytes, limit: int) -> bytes:
    """Return a raw Span of at most about `limit` bytes: `raw` itself where it is small enough."""
    if len(raw) <= limit:
        return raw
    span = wire.Span.FromString(raw)
    span.name = span.name[:MAX_TEXT]
    span.status = span.status[:ATTRIBUTE] if len(span.status) <= ATTRIBUTE else _bare(span.status)
    span.trace_state = span.trace_state[:MAX_TEXT]
    left = _shrink(span, limit)
    for kind in ("links", "events"):
        left -= _keep(span, kind, left)
    _mark(span, len(raw))
    return bytes(span.SerializeToString())


def cut_log(raw: bytes, limit: int) -> bytes:
    """Return a raw LogRecord of at most about `limit` bytes: half of it for the body."""
    if len(raw) <= limit:
        return raw
    log = wire.LogRecord.FromString(raw)
    log.severity_text, log.event_name = log.severity_text[:MAX_TEXT], log.event_name[:MAX_TEXT]
    if len(log.body) > limit // 2:
        log.body = _cut_value(log.body, limit // 2)
    _shrink(log, limit - len(log.body))
    _mark(log, len(raw))
    return bytes(log.SerializeToString())


def _cut_value(raw: bytes, limit: int) -> bytes:
    """Return the beginning of a raw AnyValue that is text; of another kind, how large it was."""
    try:
        sent = wire.AnyValue.FromString(raw).string_value
    except wire.DecodeError:
        sent = b""
    sent = sent[:limit] or f"(left out: {len(raw):,} B)".encode()
    return bytes(wire.AnyValue(string_value=sent).SerializeToString())


def cut_resource(raw: bytes, limit: int) -> bytes:
    """Return a raw Resource of at most about `limit` bytes."""
    if len(raw) <= limit:
        return raw
    resource = wire.Resource.FromString(raw)
    _shrink(resource, limit)
    _mark(resource, len(raw))
    return bytes(resource.SerializeToString())


def cut_scope(raw: bytes, limit: int) -> bytes:
    """Return a raw InstrumentationScope of at most about `limit` bytes."""
    if len(raw) <= limit:
        return raw
    scope = wire.Scope.FromString(raw)
    scope.name, scope.version = scope.name[:MAX_TEXT], scope.version[:MAX_TEXT]
    _shrink(scope, limit)
    _mark(scope, len(raw))
    return bytes(scope.SerializeToString())


def _shrink(message: Any, limit: int) -> int:
    """Shorten long attributes, drop those that still do not fit; return the bytes left."""
    shorter = [_shorten(raw) for raw in message.attributes]
    message.ClearField("attributes")
    for raw in shorter:
        if len(raw) <= limit:
            message.attributes.append(raw)
            limit -= len(raw)
    return limit


def _shorten(raw: bytes) -> bytes:
    if len(raw) <= ATTRIBUTE:
        return raw
    try:
        pair = wire.KeyValue.FromString(raw)
    except wire.DecodeError:
        return b""
    pair.key = pair.key[:MAX_TEXT]
    if pair.value.WhichOneof("value") == "bytes_value":
        pair.value.bytes_value = pair.value.bytes_value[:MAX_TEXT]
    else:
        sent = pair.value.string_value or f"(left out: {len(raw):,} B)".encode()
        pair.value.string_value = sent[:MAX_TEXT]
    return bytes(pair.SerializeToString())


def _keep(span: Any, kind: str, left: int) -> int:
    parts = list(getattr(span, kind))
    span.ClearField(kind)
    kept = 0
    for part in parts:
        if kept + len(part) <= left:
            getattr(span, kind).append(part)
            kept += len(part)
    return kept


def _bare(status: bytes) -> bytes:
    try:
        return bytes(wire.Status(code=wire.Status.FromString(status).code).SerializeToString())
    except wire.DecodeError:
        return b""


def _mark(message: Any, size: int) -> None:
    value = wire.AnyValue(string_value=f"kept in part: {size:,} B were sent".encode())
    pair = wire.KeyValue(key=CUT.encode(), value=value)
    message.attributes.append(pair.SerializeToString())
