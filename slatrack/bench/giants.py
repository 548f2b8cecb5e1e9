"""Input without an end, and spans beyond any measure: requests for the memory benchmark."""

import random
import time
from collections.abc import Iterator

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from slatrack.bench.load import SPANS_PER_JOURNEY, Load

SPANS_PER_REQUEST = 1_000
MILLISECOND = 1_000_000


def parked(spans: int = 1_000_000) -> Iterator[bytes]:
    """Spans that match nothing, eight to a trace."""
    rng = random.Random(1)  # noqa: S311 - a load, no secret
    for _ in range(0, spans, SPANS_PER_REQUEST):
        made: list[Span] = []
        while len(made) < SPANS_PER_REQUEST:
            trace_id, parent = rng.randbytes(16), b""
            for number in range(SPANS_PER_JOURNEY):
                made.append(_span(trace_id, rng.randbytes(8), parent, f"query {number}", rng))
                parent = made[-1].span_id
        yield _request(made)


def in_flight(spans: int = 90_000) -> Iterator[bytes]:
    """Journeys of six spans that never reach their sink: all stay in flight."""
    return Load(spans * 4 // 3, noise=False, unreported=1).records()


def endless_trace(spans: int = 200_000, *, key: str = "") -> Iterator[bytes]:
    """One trace that never ends, of one event if `key` is given."""
    rng = random.Random(2)  # noqa: S311 - a load, no secret
    trace_id, root = rng.randbytes(16), rng.randbytes(8)
    for number in range(0, spans, SPANS_PER_REQUEST):
        made = [
            _span(trace_id, rng.randbytes(8), root, "work", rng) for _ in range(SPANS_PER_REQUEST)
        ]
        if number == 0:
            made[0] = _span(trace_id, root, b"", "POST /trades", rng)
            made[0].kind = Span.SPAN_KIND_SERVER
            said = {"http.route": "/trades", **({"trades.id": key} if key else {})}
            made[0].attributes.extend(_pairs(said))
        yield _request(made)


def links(number: int = 10_000) -> Iterator[bytes]:
    """A span of a sink with as many links, then as many traces that are linked to, in pieces."""
    rng = random.Random(3)  # noqa: S311 - a load, no secret
    targets = [(rng.randbytes(16), rng.randbytes(8)) for _ in range(number)]
    put = _span(rng.randbytes(16), rng.randbytes(8), b"", "trades process", rng)
    put.kind = Span.SPAN_KIND_CONSUMER
    put.attributes.extend(_pairs({"messaging.destination.name": "trades.accepted"}))
    put.links.extend(Span.Link(trace_id=one, span_id=two) for one, two in targets)
    yield _request([put])
    for at in range(0, number, SPANS_PER_REQUEST):
        made = []
        for trace_id, span_id in targets[at : at + SPANS_PER_REQUEST]:
            made.append(_span(trace_id, span_id, b"", "send", rng))
            made[-1].kind = Span.SPAN_KIND_PRODUCER
            said = {"messaging.destination.name": "trades.accepted", "trades.id": span_id.hex()}
            made[-1].attributes.extend(_pairs(said))
        yield _request(made)


def attribute(size: int = 10_000_000) -> Iterator[bytes]:
    """Spans with one attribute of `size` bytes each."""
    rng = random.Random(4)  # noqa: S311 - a load, no secret
    for _ in range(20):
        one = _span(rng.randbytes(16), rng.randbytes(8), b"", "POST /trades", rng)
        one.kind = Span.SPAN_KIND_SERVER
        one.attributes.extend(_pairs({"http.route": "/trades", "trades.id": "x" * size}))
        yield _request([one])


def _span(trace_id: bytes, span_id: bytes, parent: bytes, name: str, rng: random.Random) -> Span:
    begin = time.time_ns() - rng.randrange(1_000) * MILLISECOND
    return Span(
        trace_id=trace_id, span_id=span_id, parent_span_id=parent, name=name,
        kind=Span.SPAN_KIND_CLIENT, start_time_unix_nano=begin,
        end_time_unix_nano=begin + MILLISECOND,
        attributes=_pairs({"db.system": "postgresql", "thread.name": f"t-{rng.randrange(99)}"}),
    )  # fmt: skip


def _pairs(said: dict[str, str]) -> list[KeyValue]:
    return [KeyValue(key=k, value=AnyValue(string_value=v)) for k, v in said.items()]


def _request(spans: list[Span]) -> bytes:
    request = TracesData()
    group = request.resource_spans.add()
    group.resource.attributes.extend(_pairs({"service.name": "gateway"}))
    group.scope_spans.add().spans.extend(spans)
    return request.SerializeToString()
