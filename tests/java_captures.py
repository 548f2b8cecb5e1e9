"""What the OpenTelemetry Java agent 2.33 sent: real bytes, captured from tests/servers' Java world.

Twelve lines (three in `aggregate_without_cache`) go from a file through a source connector into
streams-plaintext-input, through PipeDemo into streams-pipe-output, and through a sink connector
into a file; both connectors share a worker. In `default`, with a cache, and in
`aggregate_without_cache` WordCountDemo reads the same lines. Resources keep just their service.
"""

import gzip
from datetime import datetime
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

FOLDER = Path(__file__).parent / "cases" / "java"
LINES = {
    "default": 12,
    "receive": 12,
    "stable": 12,
    "stable_and_receive": 12,
    "aggregate_without_cache": 3,
}
FLOW = """
flow: lines
event_key: [{message: streams-plaintext-input}]
steps:
  - {step: read, role: ingress, match: {service: trades-in, kind: producer}}
  - {step: piped, match: {service: pipe, operation: process}, after: [read]}
  - {step: passed, match: {service: pipe, kind: producer}, after: [piped]}
  - {step: written, role: sink, match: {service: trades-out, operation: process}, after: [passed]}
"""
COUNTS = """
flow: counts
event_key: [{message: streams-plaintext-input}]
steps:
  - {step: read, role: ingress, match: {service: trades-in, kind: producer}}
  - {step: split, match: {service: words, topic: streams-plaintext-input, operation: process}, after: [read]}
  - {step: counted, match: {service: words, topic: {pattern: "-repartition$"}, operation: process}, after: [split]}
  - {step: told, role: sink, match: {service: words, kind: producer, topic: streams-wordcount-output}, after: [counted]}
"""  # noqa: E501


def captured_anew(name: str, *, start: datetime) -> bytes:
    """Return it as if it had begun at `start`."""
    request = ExportTraceServiceRequest.FromString(captured(name))
    spans = [
        span
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    by = round(start.timestamp() * 1e9) - min(span.start_time_unix_nano for span in spans)
    for span in spans:
        span.start_time_unix_nano += by
        span.end_time_unix_nano += by
    return request.SerializeToString()


def captured(name: str) -> bytes:
    """Return what was sent, as one OTLP request."""
    return gzip.decompress((FOLDER / f"{name}.pb.gz").read_bytes())
