"""Journeys as the recorder makes them: OTLP bytes in, rows out."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import flows, recorder
from tests.otlp import build
from tests.trades import DOCUMENT

STEPS: dict[str, tuple[str, str, Any, float, float]] = {
    "received": ("gateway", "POST /trades", Span.SPAN_KIND_SERVER, 0, 0.2),
    "accepted": ("gateway", "trades.accepted publish", Span.SPAN_KIND_PRODUCER, 0.1, 0.01),
    "enriched": ("enricher", "trades.accepted process", Span.SPAN_KIND_CONSUMER, 10, 2),
    "reported": ("regulator-sink", "put", Span.SPAN_KIND_CLIENT, 60, 1),
}
TOPICS = {"accepted": "trades.accepted", "enriched": "trades.accepted"}


def save_flow(document: str = DOCUMENT, *, now: datetime | None = None) -> None:
    flows.save(document, now=now or datetime.now(UTC))


def ids(name: str, size: int) -> bytes:
    return blake2b(name.encode(), digest_size=size).digest()


def step_span(key: Any, step: str, start: datetime, **fields: Any) -> tuple[str, Span]:
    """Return service and span of one step; `key` may be a list, `fields` change the span."""
    service, name, kind, after, took = STEPS[step]
    begun = int(start.timestamp() * 1e9) + int(fields.pop("after", after) * 1e9)
    attributes = {"trade.id": key, **fields.pop("attributes", {})}
    if step in TOPICS:
        place = {"messaging.system": "kafka", "messaging.destination.name": TOPICS[step]}
        attributes |= {**place, "messaging.destination.partition.id": "3"}
        attributes.setdefault("messaging.kafka.offset", 88213)
    defaults: dict[str, Any] = {
        "trace_id": ids(f"trace {key}", 16),
        "span_id": ids(f"{step} {key}", 8),
        "kind": kind,
        "start_time_unix_nano": begun,
        "end_time_unix_nano": begun + int(took * 1e9),
    }
    return service, build.span(fields.pop("name", name), attributes, **{**defaults, **fields})


def record(*spans: tuple[str, Span], now: datetime | None = None) -> None:
    """Record spans, each with the name of its service."""
    request = ExportTraceServiceRequest()
    for service, span in spans:
        entry = build.resource_spans(span, resource={"service.name": service})
        request.resource_spans.append(entry)
    now = now or datetime.now(UTC)
    wanted = Wanted(flows.current().wanted)
    recorder.record(decode(request.SerializeToString(), wanted=wanted, now=now).spans, now=now)


def trade(key: str, *steps: str, ago: float = 120, **fields: Any) -> datetime:
    """Record some steps of a trade that came in `ago` seconds before now; return when."""
    start = datetime.now(UTC) - timedelta(seconds=ago)
    record(*(step_span(key, step, start, **dict(fields)) for step in steps or STEPS))
    return start
