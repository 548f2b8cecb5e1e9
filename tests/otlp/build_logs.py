"""Builders: OTLP logs as senders write them, made with opentelemetry-proto's own messages."""

from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs

from tests.otlp.build import SPAN, T0, TRACE, any_value, key_values


def log(body: Any = "hello", attributes: dict[str, Any] | None = None, **fields: Any) -> LogRecord:
    defaults: dict[str, Any] = {
        "trace_id": TRACE,
        "span_id": SPAN,
        "time_unix_nano": T0,
        "severity_number": 9,
    }
    said = key_values(attributes or {})
    return LogRecord(body=any_value(body), attributes=said, **(defaults | fields))


def export_logs(
    *logs: LogRecord, scope: str = "test", resource: dict[str, Any] | None = None
) -> bytes:
    """Return the bytes of a request with these log records, all of one resource and scope."""
    entry = ResourceLogs()
    entry.resource.attributes.extend(
        key_values({"service.name": "shop"} if resource is None else resource)
    )
    group = entry.scope_logs.add()
    group.scope.name = scope
    group.log_records.extend(logs)
    return ExportLogsServiceRequest(resource_logs=[entry]).SerializeToString()
