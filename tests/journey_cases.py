"""Journeys that are hard to tell, as real OTLP: what the page of each must make plain.

A flow with an event in it as instrumentations send it: batches that are polled, a sink that writes
many at once, a state store, retries, a parent that never came, clocks that differ.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import flows, recorder, watcher
from slatrack.tracking.models import Journey
from tests.dashboards.recorded import ids, record, save_flow
from tests.java_captures import COUNTS, captured_anew
from tests.otlp import build

FLOW = "settlement"
DOCUMENT = """\
flow: settlement
title: Settlement instructions
event_key: [trade.id]
attributes: [asset.class]
steps:
  - {step: received, role: ingress, match: {kind: server, service: gateway}}
  - {step: accepted, match: {kind: producer, topic: trades.accepted}, after: [received]}
  - {step: enriched, match: {service: enricher, operation: process}, after: [accepted]}
  - {step: published, match: {kind: producer, topic: trades.enriched}, after: [enriched]}
  - {step: settled, role: sink, match: {service: settlement-sink, operation: process},
     after: [published]}
deadlines:
  - deadline: settle within 2 minutes
    rule: {kind: duration, from: ingress, amount: PT2M, warn: [{fraction: 0.5}]}
    until: settled
    severity: critical
"""
SERVER, INTERNAL, CLIENT = Span.SPAN_KIND_SERVER, Span.SPAN_KIND_INTERNAL, Span.SPAN_KIND_CLIENT
PRODUCER, CONSUMER = Span.SPAN_KIND_PRODUCER, Span.SPAN_KIND_CONSUMER
FAILED = build.failed("SettlementRefused: account closed")

FLOWS = {"11-split": "orders", "word-count": "counts"}  # the others go through FLOW

Sent = tuple[str, Span]
Case = Callable[[], str]
AGO = 100  # seconds


def sent(
    service: str,
    name: str,
    kind: int,
    at: float,
    took: float,
    *,
    trace: str,
    parent: str = "",
    span: str = "",
    topic: str = "",
    offset: int | None = None,
    links: Sequence[tuple[str, str]] = (),
    key: Any = None,
    **more: Any,
) -> Sent:
    """Return a span that starts `at` seconds after the event came in; names stand for ids."""
    begun = int((datetime.now(UTC) - timedelta(seconds=AGO)).timestamp() * 1e9) + int(at * 1e9)
    attributes = more.pop("attributes", {}) | ({"trade.id": key} if key else {})
    if topic:
        verb = name.split()[-1]
        attributes |= {
            "messaging.system": "kafka",
            "messaging.destination.name": topic,
            "messaging.operation.type": {"publish": "send"}.get(verb, verb),
        }
    if offset is not None:
        attributes |= {"messaging.destination.partition.id": "2", "messaging.kafka.offset": offset}
    fields = {
        "kind": kind,
        "trace_id": ids(trace, 16),
        "span_id": ids(span or f"{trace} {name}", 8),
        "parent_span_id": ids(parent, 8) if parent else b"",
        "start_time_unix_nano": begun,
        "end_time_unix_nano": begun + int(took * 1e9),
        "links": [build.link(ids(one, 16), ids(two, 8)) for one, two in links],
    }
    return service, build.span(name, attributes, **fields, **more)


def ingress(key: str, at: float = 0, offset: int = 100) -> list[Sent]:
    """A trade comes in over HTTP and is published."""
    asset = {"asset.class": "equity"}
    out = {"topic": "trades.accepted", "offset": offset, "parent": f"{key} in", "key": key}
    name = "trades.accepted publish"
    return [
        sent("gateway", "POST /trades", SERVER, at, 0.4, trace=key, span=f"{key} in", key=key,
             attributes=asset),
        sent("gateway", name, PRODUCER, at + 0.2, 0.05, trace=key, span=f"{key} out", **out),
    ]  # fmt: skip


def processed(name: str, at: float, parent: str, trace: str = "", **more: Any) -> list[Sent]:
    """The enricher processes the event `name` and publishes the result."""
    own = {"trace": trace or name, "parent": f"{name} process"}
    return [
        process(name, at, 6, parent=parent, span=f"{name} process", trace=trace, **more),
        sent("enricher", "SELECT accounts", CLIENT, at + 1, 2, span=f"{name} select", **own),
        sent("enricher", "trades.enriched publish", PRODUCER, at + 5, 0.1, span=f"{name} enriched",
             topic="trades.enriched", offset=enriched_at(name), **own),
    ]  # fmt: skip


def enriched_at(name: str) -> int:
    """Return the offset of the event `name` in the topic of the enriched."""
    return 1_000 + crc32(name.encode()) % 9_000


def process(name: str, at: float, took: float, *, trace: str = "", **more: Any) -> Sent:
    """The enricher processes the record of the event `name` once."""
    more = {"topic": "trades.accepted", "trace": trace or name, **more}
    return sent("enricher", "trades.accepted process", CONSUMER, at, took, **more)


def settled(name: str, at: float, trace: str = "", **more: Any) -> Sent:
    """The sink writes the event `name`."""
    more = {"span": f"{name} settled", "parent": f"{name} enriched", **more}
    return put(at, 3, trace=trace or name, offset=enriched_at(name), **more)


def put(at: float, took: float, **more: Any) -> Sent:
    """The sink writes some events with one span."""
    name = "trades.enriched process"
    return sent("settlement-sink", name, CONSUMER, at, took, topic="trades.enriched", **more)


def batch_poll() -> str:
    """Case 2: one receive span polls three messages, each with a process span that links."""
    keys = ["POLL-1", "POLL-2", "POLL-3"]
    for number, key in enumerate(keys):
        record(*ingress(key, at=number * 0.3, offset=200 + number))
    poll = {"trace": "poll", "span": "poll", "topic": "trades.accepted"}
    record(sent("enricher", "trades.accepted receive", CONSUMER, -8, 20, **poll))
    for number, key in enumerate(keys):
        links = [(key, f"{key} out")]
        at, offset = 12.5 + number * 7, 200 + number
        record(*processed(key, at, "poll", trace="poll", offset=offset, links=links))
        record(settled(key, 40 + number, trace="poll"))
    return "POLL-2"


def sink_put() -> str:
    """Case 3: the sink writes many events with one span that links to each."""
    keys = [f"PUT-{number:02d}" for number in range(30)]
    for number, key in enumerate(keys):
        record(*ingress(key, at=number * 0.1, offset=300 + number))
        record(*processed(key, 5 + number * 0.2, f"{key} out", offset=300 + number))
    links = [(key, f"{key} enriched") for key in keys]
    record(put(55, 4, trace="put", span="put", links=links))
    return "PUT-07"


def state_store() -> str:
    """Case 6: a value is read from a store and written: who wrote it before is touched."""
    before = ""
    for number, key in enumerate(["STORE-1", "STORE-2", "STORE-3"]):
        record(*ingress(key, at=number * 3, offset=400 + number))
        record(*processed(key, 6 + number * 8, f"{key} out", offset=400 + number))
        own = {"trace": key, "parent": f"{key} process"}
        own["links"] = [(before, f"{before} put")] if before else []
        for verb, at in (("get", 7), ("put", 9)):
            name, span = f"balances state-store-{verb}", f"{key} {verb}"
            record(sent("enricher", name, INTERNAL, at + number * 8, 0.01, span=span, **own))
        record(settled(key, 30 + number * 8))
        before = key
    return "STORE-3"


def retries() -> str:
    """Case 14: the same record three times, two of them with an error."""
    key = "RETRY-1"
    record(*ingress(key, offset=500))
    said = {
        "exception.type": "java.net.SocketTimeoutException",
        "exception.message": "no answer from reference-data within 5,000 ms",
        "exception.stacktrace": "\n\tat com.example.Enricher.lookup(Enricher.java:42)" * 12,
    }
    for number in range(2):
        more = {"span": f"try {number}", "parent": f"{key} out", "offset": 500, "status": FAILED}
        service, span = process(key, 4 + number * 12, 5, **more)
        span.events.append(build.span_event("exception", said, span.end_time_unix_nano))
        record((service, span))
    record(*processed(key, 30, f"{key} out", offset=500), settled(key, 50))
    return key


def parent_never_came() -> str:
    """Case 19: the span around the second half was never exported."""
    key = "ORPHAN-1"
    record(*ingress(key, offset=600))
    _, *inner = processed(key, 9, "never", offset=600)
    record(*inner, settled(key, 30, key=key))
    return key


def skew() -> str:
    """Case 22: the consumer's clock is behind, so that it seems to begin before its producer."""
    key = "SKEW-1"
    record(*ingress(key, offset=700))
    record(*processed(key, -1.5, f"{key} out", offset=700), settled(key, 20))
    return key


def missing_step() -> str:
    """A step was passed over, while others of the same time show it."""
    for number in range(6):
        key = f"WHOLE-{number}"
        record(*ingress(key, at=number, offset=800 + number))
        record(*processed(key, 6 + number, f"{key} out", offset=800 + number))
        record(settled(key, 30 + number))
    record(*ingress("HOLE-1", offset=850), settled("HOLE-1", 40, key="HOLE-1"))
    return "HOLE-1"


def on_its_way() -> str:
    """In flight, and longer than usual."""
    record(*ingress("FLIGHT-1", at=20, offset=860))
    return "FLIGHT-1"


def slower_than_usual() -> str:
    """Done, but it waited far longer than others for the sink."""
    for number in range(12):
        key = f"USUAL-{number:02d}"
        record(*ingress(key, at=number * 0.5, offset=700 + number))
        record(*processed(key, 4 + number * 0.6, f"{key} out", offset=700 + number))
        record(settled(key, 14 + number * 0.5))
    record(*ingress("SLOW-1", at=8, offset=790))
    record(*processed("SLOW-1", 13, "SLOW-1 out", offset=790), settled("SLOW-1", 80))
    return "SLOW-1"


ORDERS = """\
flow: orders
title: Block orders
event_key: [order.id]
children: {expected: {attribute: order.legs}}
steps:
  - {step: taken, role: ingress, match: {kind: server, service: orders}}
deadlines:
  - deadline: all legs settled
    rule: {kind: duration, from: ingress, amount: PT3M, warn: [{fraction: 0.5}]}
    until: children
---
"""
PARENT = """\
parent: {flow: orders, key: {pattern: '^(.+)/[0-9]+$'}}
"""


def split() -> str:
    """Case 11: an order is split into 40 legs; 37 have arrived, one has failed."""
    save_flow(ORDERS + DOCUMENT + PARENT)
    legs = {"order.id": "O-17", "order.legs": 40}
    record(sent("orders", "POST /orders", SERVER, 0, 0.5, trace="O-17", attributes=legs))
    for number in range(39):
        key = f"O-17/{number}"
        record(*ingress(key, at=1 + number * 0.1, offset=number))
        if number < 37:
            record(*processed(key, 5 + number, f"{key} out"), settled(key, 30 + number))
        if number == 37:
            parent = f"{key} out"
            record(process(key, 50, 3, parent=parent, span=f"{key} process", status=FAILED))
    watcher.settle_due(now=datetime.now(UTC))  # counts them
    return "O-17"


def dead_letter() -> str:
    """Case 15: nobody could process it, so that it was put into a topic of dead letters."""
    key = "DEAD-1"
    record(*ingress(key, offset=870))
    parent, span = f"{key} out", f"{key} process"
    service, one = process(key, 5, 3, parent=parent, span=span, status=FAILED, offset=870)
    said = {"exception.type": "SerializationException", "exception.message": "unknown magic byte"}
    one.events.append(build.span_event("exception", said, one.end_time_unix_nano))
    topic = "trades.accepted-dlq"
    put_aside = sent("enricher", f"{topic} publish", PRODUCER, 7, 0.1, trace=key, parent=span,
                     topic=topic, offset=12)  # fmt: skip
    record((service, one), put_aside)
    return key


def links_dropped() -> str:
    """Case 24: the sink writes more events than its SDK keeps links; one of the others."""
    keys = [f"DROP-{number:02d}" for number in range(8)]
    for number, key in enumerate(keys):
        record(*ingress(key, at=number * 0.1, offset=500 + number))
        record(*processed(key, 5 + number * 0.2, f"{key} out", offset=500 + number))
    links = [(key, f"{key} enriched") for key in keys[:-2]]
    record(put(15, 4, trace="put", span="put", links=links, dropped_links_count=2))
    return keys[-1]


def word_count() -> str:
    """The Java world: behind an aggregate's cache nobody can know which line a count is of."""
    now = datetime.now(UTC)
    save_flow(COUNTS)
    sent = captured_anew("default", start=now - timedelta(seconds=AGO))
    spans = decode(sent, wanted=Wanted(flows.current().wanted), now=now).spans
    recorder.record(spans, now=now)
    found = Journey.objects.filter(flow__name="counts").order_by("key")
    return found.first().key  # type: ignore[union-attr]


CASES: dict[str, Case] = {
    "02-batch-poll": batch_poll,
    "03-sink-put": sink_put,
    "06-state-store": state_store,
    "11-split": split,
    "14-retries": retries,
    "15-dead-letter": dead_letter,
    "19-parent-never-came": parent_never_came,
    "22-skew": skew,
    "24-links-dropped": links_dropped,
    "word-count": word_count,
    "missing-step": missing_step,
    "on-its-way": on_its_way,
    "slower-than-usual": slower_than_usual,
}


def save() -> None:
    """Save the flow that the cases go through."""
    save_flow(DOCUMENT)
