"""A load generator with a fixed seed: OTLP records as four services export them, and the truth.

Each journey is eight spans over four services in one trace; as many spans again match no flow.
A span is about 500 bytes with 12 attributes; a record holds 100 spans of one service.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, TracesData

SPANS_PER_JOURNEY = 8
SPANS_PER_RECORD = 100
SECOND = 1_000_000_000
FLOWS = ("trades", "payments", "orders")
SERVICES = ("gateway", "validator", "enricher", "sink")

_FLOW = """\
flow: {name}
title: {name}
event_key: [{name}.id]
steps:
  - {{step: received, role: ingress, match: {{kind: server, attributes: {{http.route: /{name}}}}}}}
  - {{step: accepted, match: {{kind: producer, topic: {name}.accepted}}, after: [received]}}
  - {{step: validated, match: {{kind: consumer, topic: {name}.accepted}}, after: [accepted]}}
  - {{step: enriched, match: {{kind: consumer, topic: {name}.valid}}, after: [validated]}}
  - {{step: reported, role: sink, match: {{kind: client, service: sink, name: PUT {name}}},
     after: [enriched]}}
deadlines:
  - deadline: report {name} within 15 minutes
    rule: {{kind: duration, from: ingress, amount: PT15M, warn: [{{fraction: 0.5}}]}}
    until: reported
    severity: critical
"""

DOCUMENTS = "---\n".join(_FLOW.format(name=name) for name in FLOWS)


@dataclass(frozen=True, slots=True)
class Shape:
    """One of the eight spans of a journey: who makes it, what it is, and its parent."""

    service: int
    kind: int
    name: str
    topic: str
    parent: int  # -1: root
    begin: float  # seconds after the start of the journey


SHAPES = (
    Shape(0, Span.SPAN_KIND_SERVER, "POST /{flow}", "", -1, 0.0),
    Shape(0, Span.SPAN_KIND_PRODUCER, "send {flow}.accepted", "{flow}.accepted", 0, 0.01),
    Shape(1, Span.SPAN_KIND_CONSUMER, "process {flow}.accepted", "{flow}.accepted", 1, 0.2),
    Shape(1, Span.SPAN_KIND_PRODUCER, "send {flow}.valid", "{flow}.valid", 2, 0.22),
    Shape(2, Span.SPAN_KIND_CONSUMER, "process {flow}.valid", "{flow}.valid", 3, 0.5),
    Shape(2, Span.SPAN_KIND_PRODUCER, "send {flow}.out", "{flow}.out", 4, 0.52),
    Shape(3, Span.SPAN_KIND_CONSUMER, "process {flow}.out", "{flow}.out", 5, 0.9),
    Shape(3, Span.SPAN_KIND_CLIENT, "PUT {flow}", "", 6, 0.95),
)


@dataclass(frozen=True, slots=True)
class Load:
    """What to generate. `spans` is rounded up to whole windows of 800 spans, half of them noise."""

    spans: int
    seed: int = 1
    start: int = 1_790_000_000 * SECOND
    noise: bool = True
    unreported: int = 0  # every n-th journey never reaches its sink; 0: all do
    first: int = 0  # the number of its first journey, which begins at `start`

    @property
    def windows(self) -> int:
        """The number of windows: 50 journeys each, and as much noise."""
        return -(-self.spans // (800 if self.noise else 400))

    @property
    def total(self) -> int:
        """The number of spans that `records` yields."""
        full = self.windows * (800 if self.noise else 400)
        return full - 2 * sum(map(self.stuck, self.numbers))

    @property
    def numbers(self) -> range:
        """The numbers of its journeys."""
        return range(self.first, self.first + self.windows * 50)

    def begin(self, number: int) -> int:
        """Return when journey `number` begins."""
        return self.start + (number - self.first) * SECOND // 500

    def stuck(self, number: int) -> bool:
        """Whether journey `number` never reaches its sink, whose two spans are then not sent."""
        return self.unreported > 0 and number % self.unreported == 0

    @property
    def keys(self) -> list[tuple[str, str]]:
        """The (flow, key) of every journey."""
        return [event(number) for number in self.numbers]

    def records(self) -> Iterator[bytes]:
        """Yield the records, the same ones at every call."""
        rng = random.Random(self.seed)  # noqa: S311 - a load, no secret
        resources = [_resource(service) for service in SERVICES]
        noisy = _resource("billing")
        for window in range(self.windows):
            yield from self._window(window, rng, resources)
            if self.noise:
                for _ in range(4):
                    yield _record(noisy, self._noise(window, rng))

    def _window(
        self, window: int, rng: random.Random, resources: list[ResourceSpans]
    ) -> Iterator[bytes]:
        spans: list[list[Span]] = [[] for _ in SERVICES]
        for number in self.numbers[window * 50 : window * 50 + 50]:
            for service, span in _journey(number, self.begin(number), rng):
                if service < len(SERVICES) - 1 or not self.stuck(number):
                    spans[service].append(span)
        for service, found in enumerate(spans):
            yield _record(resources[service], found)

    def _noise(self, window: int, rng: random.Random) -> list[Span]:
        spans: list[Span] = []
        while len(spans) < SPANS_PER_RECORD:
            trace_id, parent = rng.randbytes(16), b""
            for depth in range(min(SPANS_PER_JOURNEY, SPANS_PER_RECORD - len(spans))):
                span = Span(
                    trace_id=trace_id, span_id=rng.randbytes(8), parent_span_id=parent,
                    name=f"SELECT invoices {depth}", kind=Span.SPAN_KIND_CLIENT,
                    start_time_unix_nano=self.start + window * SECOND // 10,
                    end_time_unix_nano=self.start + window * SECOND // 10 + 3_000_000,
                    attributes=_attributes({"db.system": "postgresql"}, rng),
                )  # fmt: skip
                parent = span.span_id
                spans.append(span)
        return spans


def event(number: int) -> tuple[str, str]:
    """Return the flow and key of journey `number`."""
    return FLOWS[number % 3], f"{FLOWS[number % 3][:3].upper()}-20261122-{number:08d}"


def _journey(number: int, begin: int, rng: random.Random) -> Iterator[tuple[int, Span]]:
    flow, key = event(number)
    trace_id = rng.randbytes(16)
    ids = [rng.randbytes(8) for _ in SHAPES]
    for shape, span_id in zip(SHAPES, ids, strict=True):
        start = begin + round(shape.begin * SECOND)
        said = {f"{flow}.id": key} if shape.parent >= 0 else {"http.route": f"/{flow}"}
        if shape.topic:
            said |= {
                "messaging.system": "kafka",
                "messaging.destination.name": shape.topic.format(flow=flow),
                "messaging.destination.partition.id": str(number % 12),
            }
        yield shape.service, Span(
            trace_id=trace_id, span_id=span_id,
            parent_span_id=ids[shape.parent] if shape.parent >= 0 else b"",
            name=shape.name.format(flow=flow), kind=shape.kind,  # type: ignore[arg-type]
            start_time_unix_nano=start, end_time_unix_nano=start + 8_000_000,
            attributes=_attributes(said, rng),
        )  # fmt: skip


_FILLER = (
    "thread.name", "code.function.name", "server.address", "network.peer.address",
    "client.address", "url.path", "user_agent.original", "enduser.id", "session.id",
    "deployment.ring", "feature.flag", "host.zone",
)  # fmt: skip


def _attributes(said: dict[str, str], rng: random.Random) -> list[KeyValue]:
    filler = {name: f"{name[:4]}-{rng.randrange(10_000)}" for name in _FILLER[len(said) :]}
    return [
        KeyValue(key=name, value=AnyValue(string_value=value))
        for name, value in {**said, **filler}.items()
    ]


def _resource(service: str) -> ResourceSpans:
    group = ResourceSpans()
    for name, value in {"service.name": service, "host.name": f"{service}-7f9c"}.items():
        group.resource.attributes.add(key=name, value=AnyValue(string_value=value))
    group.scope_spans.add().scope.name = "bench"
    return group


def _record(resource: ResourceSpans, spans: list[Span]) -> bytes:
    group = ResourceSpans()
    group.CopyFrom(resource)
    group.scope_spans[0].spans.extend(spans)
    return TracesData(resource_spans=[group]).SerializeToString()
