"""Plays: small worlds of spans, sent as OTLP bytes through the real decoder and recorder.

Each play is sent in order, then shuffled, split and with repeats; the journeys must be the same.
"""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span

from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import flows, models, reading, watcher
from slatrack.tracking.family_models import Child, Recount
from slatrack.tracking.recorder import record
from tests.otlp.build import NOON, T0, link, resource_spans, span
from tests.spans import span_id, trace_id

NOW = NOON + timedelta(minutes=5)
AT_REST = (Child, models.Journey, models.Trace, models.SpanBlock, models.MessageBlock)
SERVER, CLIENT, PRODUCER, CONSUMER, INTERNAL = (
    Span.SPAN_KIND_SERVER,
    Span.SPAN_KIND_CLIENT,
    Span.SPAN_KIND_PRODUCER,
    Span.SPAN_KIND_CONSUMER,
    Span.SPAN_KIND_INTERNAL,
)
SECOND = 10**9

DOCUMENT = """\
flow: trades
event_key: [trade.id]
steps:
  - {step: received, role: ingress, match: {kind: server, service: gateway}}
  - {step: accepted, match: {kind: producer, topic: accepted}, after: [received]}
  - {step: enriched, match: {kind: consumer, service: enricher, operation: process},
     after: [accepted]}
  - {step: published, match: {kind: producer, topic: enriched}, after: [enriched]}
  - {step: reported, role: sink, match: {kind: consumer, service: sink, operation: process},
     after: [published]}
"""


class Play:
    """Spans by name; times are seconds after noon, in order of making unless said otherwise."""

    def __init__(self) -> None:
        self.spans: list[ResourceSpans] = []
        self._at: dict[str, str] = {}
        self._clock = 0.0

    def add(
        self,
        name: str,
        service: str,
        kind: int,
        trace: str,
        *,
        parent: str = "",
        links: Sequence[str | tuple[str, dict[str, Any]]] = (),
        at: float | None = None,
        took: float = 0.01,
        scope: str = "test",
        called: str = "",
        **fields: Any,
    ) -> None:
        """Add a span; `fields` that are no OTLP fields are attributes, __ for a dot."""
        self._clock = self._clock + 0.1 if at is None else at
        begin = T0 + round(self._clock * SECOND)
        self._at[name] = trace
        own = {
            key: fields.pop(key) for key in list(fields) if key in Span.DESCRIPTOR.fields_by_name
        }
        attributes = {key.replace("__", "."): value for key, value in fields.items()}
        made = span(
            called or name,
            attributes,
            trace_id=trace_id(trace),
            span_id=span_id(name),
            parent_span_id=span_id(parent) if parent else b"",
            kind=kind,
            start_time_unix_nano=begin,
            end_time_unix_nano=begin + round(took * SECOND),
            links=[self._link(one) for one in links],
            **own,
        )
        self.spans.append(resource_spans(made, scope=scope, resource={"service.name": service}))

    def _link(self, to: str | tuple[str, dict[str, Any]]) -> Span.Link:
        name, attributes = (to, {}) if isinstance(to, str) else to
        return link(trace_id(self._at[name]), span_id(name), **attributes)

    def batches(self, seed: int | None, size: int = 0) -> Iterator[bytes]:
        """Yield requests: all in one, or `size` spans in each; by `seed` shuffled, with repeats."""
        if seed is None:
            size = size or len(self.spans)
            yield from (_request(self.spans[n : n + size]) for n in range(0, len(self.spans), size))
            return
        rng = random.Random(seed)
        spans = self.spans + rng.sample(self.spans, len(self.spans) // 3)
        rng.shuffle(spans)
        size = rng.choice([1, 2, 3, 7])
        for n in range(0, len(spans), size):
            yield _request(spans[n : n + size])


def _request(spans: Sequence[ResourceSpans]) -> bytes:
    return ExportTraceServiceRequest(resource_spans=spans).SerializeToString()


def message(
    topic: str, offset: int | None = None, partition: int = 0, **more: Any
) -> dict[str, Any]:
    """Attributes of a span (or link) of a message."""
    place = {
        "messaging.destination.name": topic,
        "messaging.destination.partition.id": str(partition),
    }
    if offset is not None:
        place["messaging.kafka.offset"] = offset
    return {**place, **more}


def play(
    one: Play, document: str = DOCUMENT, *, seed: int | None = None, size: int = 0
) -> dict[str, Any]:
    """Send a play into an empty database; return its journeys by key, as the API gives them."""
    send(one, document, seed=seed, size=size)
    return told()


def send(one: Play, document: str = DOCUMENT, *, seed: int | None = None, size: int = 0) -> None:
    """Send a play into an empty database."""
    for model in AT_REST:
        model.objects.all().delete()
    flows.save(document, now=NOON - timedelta(days=1))
    wanted = Wanted(flows.current().wanted)
    for data in one.batches(seed, size):
        decoded = decode(data, wanted=wanted, now=NOW)
        assert decoded.rejected == []
        record(decoded.spans, now=NOW)
    assert not models.Errand.objects.exists()
    while Recount.objects.exists():  # children are counted by the watcher
        watcher.settle_due(now=NOW)


def told() -> dict[str, Any]:
    """The journeys at rest by key, as JSON has them."""
    rows = models.Journey.objects.select_related("flow").order_by("flow__name", "key")
    found = {row.key: reading.journey(row.flow.name, row.key, now=NOW) for row in rows}
    return json.loads(json.dumps(found))


def always(one: Play, document: str = DOCUMENT, *, seeds: int = 4) -> dict[str, Any]:
    """Play in order, then in disorder, `seeds` times: the journeys, which are always the same."""
    expected = play(one, document)
    for seed in range(seeds):
        assert play(one, document, seed=seed) == expected, f"seed {seed}"
    return expected


def steps(journey: dict[str, Any]) -> dict[str, tuple[str, int, int]]:
    """How each step of a journey is bound, shared by how many, after how many attempts."""
    return {s["step"]: (s["bound_by"], s["shared"], s["attempts"]) for s in journey["steps"]}
