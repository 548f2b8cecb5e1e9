"""Decoding of logs: from the bytes of an OTLP logs export to log records that a trace can find.

As with spans: one bad record never takes its neighbours with it, and the stored bytes are those
that were sent. What a record says is read when somebody looks at it (`slatrack.otlp.full_logs`).
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from slatrack.otlp import json_messages, wire
from slatrack.otlp.cleaning import NO_TRACE
from slatrack.otlp.cutting import cut_log, cut_resource, cut_scope
from slatrack.otlp.errors import Rejected, Undecodable

KEPT = 16_384  # bytes of one log record
SPAN_BEGINS = b"\x0a"  # the tag of Span.trace_id; no field of a log record has it
LOG_BEGINS = (b"\x09", b"\x10", b"\x59")  # time, severity, observed time; no field of a span


class LogRecord(NamedTuple):
    """A log record as it was sent, with its resource and scope."""

    trace_id: bytes
    raw: bytes
    raw_resource: bytes
    raw_scope: bytes


@dataclass(slots=True)
class DecodedLogs:
    """What a record of a transport held; `untraced` counts log records that name no trace."""

    logs: list[LogRecord] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    untraced: int = 0


def decode_logs(data: bytes, *, encoding: str = "auto", kept: int = KEPT) -> DecodedLogs:
    """Return the log records in `data`: an ExportLogsServiceRequest, LogsData or their JSON.

    Raises Undecodable, and nothing else, when `data` as a whole cannot be read.
    """
    request, unreadable = _request(data, encoding)
    found = DecodedLogs(rejected=unreadable)
    refused: dict[str, Any] = defaultdict(wire.Request)
    for resource_logs in request.resource_spans:
        resource = _cut(cut_resource, resource_logs.resource, kept)
        for scope_logs in resource_logs.scope_spans:
            scope = _cut(cut_scope, scope_logs.scope, kept)
            for raw in scope_logs.spans:
                if reason := _read(found, raw, resource, scope, kept):
                    entry = refused[reason].resource_spans.add(resource=resource_logs.resource)
                    entry.scope_spans.add(scope=scope_logs.scope, spans=[raw])
    for reason, alone in refused.items():
        number = len(alone.resource_spans)
        found.rejected.append(Rejected(reason, bytes(alone.SerializeToString()), number))
    return found


def holds_logs(data: bytes, encoding: str = "auto") -> bool:
    """Whether `data` is an export of logs rather than of spans, as far as its bytes tell."""
    if encoding == "otlp_json" or (encoding == "auto" and json_messages.looks_like(data)):
        return json_messages.is_of(data, json_messages.LOGS)
    try:
        request = wire.Request.FromString(data)
    except wire.DecodeError:
        return False
    raws = (
        raw
        for entry in request.resource_spans
        for group in entry.scope_spans
        for raw in group.spans
    )
    return next(raws, b"")[:1] in LOG_BEGINS


def _request(data: bytes, encoding: str) -> tuple[Any, list[Rejected]]:
    if encoding == "otlp_json" or (encoding == "auto" and json_messages.looks_like(data)):
        return json_messages.read(data, json_messages.LOGS)
    try:
        request = wire.Request.FromString(data)
    except wire.DecodeError:
        raise Undecodable("not an OTLP logs export: damaged, cut off or another format") from None
    if data and not any(_holds_logs(one) for one in request.resource_spans):
        raise Undecodable("no resource logs in it: not an OTLP logs export")
    return request, []


def _holds_logs(one: Any) -> bool:
    return bool(one.scope_spans or one.resource) or not one.ByteSize()


def _cut(cut: Any, raw: bytes, kept: int) -> bytes:
    """Cut a resource or scope; one that is damaged says nothing, its records still do."""
    try:
        return bytes(cut(raw, kept))
    except wire.DecodeError:
        return b""


def _read(found: DecodedLogs, raw: bytes, resource: bytes, scope: bytes, kept: int) -> str:
    """Add a log record to `found`; return why it cannot be used, "" where it can."""
    if raw.startswith(SPAN_BEGINS):
        return "it is a span, not a log record: send spans to /v1/traces or the topics of spans"
    try:
        sent = wire.SlimLog.FromString(raw)
        if len(sent.trace_id) != 16 or sent.trace_id == NO_TRACE:
            found.untraced += 1
            return ""
        found.logs.append(LogRecord(sent.trace_id, cut_log(raw, kept), resource, scope))
    except wire.DecodeError:
        return "it is damaged: not OTLP"
    return ""
