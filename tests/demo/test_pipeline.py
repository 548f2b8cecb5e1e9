"""The whole pipeline over a real protocol: its spans are what slatrack is fed in the demo."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from slatrack.demo import faults
from slatrack.demo.authorities import Holds
from slatrack.demo.doors import Doors
from slatrack.demo.lines import LINES, PAYMENTS, REPORTS, TRADES, Line
from slatrack.demo.load import Rate
from slatrack.demo.pipeline import Pipeline
from slatrack.embedded.crew import Alarm
from slatrack.embedded.kafka import EmbeddedKafka
from tests.demo.topic import Sent, attributes, read_until, reader, spans

pytestmark = pytest.mark.servers  # needs none, but takes as long: consumer groups join in seconds

RATES = (Rate(TRADES, 0.1, (1, 1)), Rate(PAYMENTS, 0.3, (1, 1)), Rate(REPORTS, 1, (3, 4)))


@contextmanager
def running() -> Iterator[str]:
    """Run the pipeline; yield the brokers."""
    kafka = EmbeddedKafka()
    alarm = Alarm()
    holds = Holds(first=float("inf"))
    pipeline = Pipeline(kafka.brokers, Doors.open(0), alarm, rates=RATES, holds=holds)
    pipeline.start()
    yield kafka.brokers
    started = time.monotonic()
    pipeline.stop()
    assert time.monotonic() - started < 9, "the pipeline hangs when it stops"
    assert not alarm.reason


def collect(brokers: str, enough: Callable[[list[Sent]], bool]) -> list[Sent]:
    with reader(brokers, "otlp_spans") as consumer:
        return spans(read_until(consumer, lambda read: enough(spans(read))))


def keys(sent: list[Sent], line: Line, name: str) -> list[str]:
    return [
        str(attributes(span)[line.key])
        for _, span in sent
        if span.name == name and line.key in attributes(span)
    ]


def whole(line: Line, sent: list[Sent]) -> set[str]:
    """Return the events that every stage has reported."""
    sends = [f"send {line.topic(stage)}" for stage in ("accepted", "acknowledged")]
    reads = ("accepted", "validated", "enriched", "routed")
    names = [*sends, *(f"process {line.topic(stage)}" for stage in reads)]
    return set.intersection(*(set(keys(sent, line, name)) for name in names))


def test_every_line_goes_the_whole_way():
    with running() as brokers:
        sent = collect(brokers, lambda sent: all(len(whole(line, sent)) > 2 for line in LINES))

    ids = [span.span_id for _, span in sent]
    assert len(set(ids)) == len(ids)
    assert_one_trace_per_trade(sent)
    assert_batches_share_their_ingress(sent)
    assert_sinks_deliver_in_batches(sent)


def assert_one_trace_per_trade(sent: list[Sent]) -> None:
    traces = defaultdict(set)
    for _, span in sent:
        traces[attributes(span).get(TRADES.key)].add(span.trace_id)
    traces.pop(None)
    assert all(len(found) == 1 for found in traces.values())
    [ingress] = {(s, span.kind) for s, span in sent if span.name == "POST /trades"}
    assert ingress == ("gateway", Span.SPAN_KIND_SERVER)
    server = next(span for _, span in sent if span.name == "POST /trades")
    assert attributes(server)["http.route"] == "/trades"


def assert_batches_share_their_ingress(sent: list[Sent]) -> None:
    parents = Counter(s.parent_span_id for _, s in sent if s.name == "send reports.accepted")
    servers = {span.span_id for _, span in sent if span.name == "POST /trades/batch"}
    shared = [parent for parent in parents if parent in servers]
    assert shared
    assert all(parents[parent] in (3, 4) for parent in shared)


def assert_sinks_deliver_in_batches(sent: list[Sent]) -> None:
    put = next(span for _, span in sent if span.name == "put trades.routed")
    assert not put.parent_span_id
    assert len(put.links) == attributes(put)["messaging.batch.message_count"]
    producers = {span.span_id for _, span in sent if span.name == "send trades.routed"}
    assert {link.span_id for link in put.links} <= producers


def test_faults_show_in_the_spans():
    faults.set_active("lost_context", on=True)
    faults.set_active("error_burst", on=True)
    faults.set_active("stopped_sink", on=True)
    with running() as brokers:
        stuck = collect(brokers, lambda sent: len(keys(sent, TRADES, "send trades.routed")) > 5)
        faults.set_active("stopped_sink", on=False)
        sent = collect(brokers, lambda sent: len(failed_thrice(sent)) > 0)

    assert not keys(stuck, TRADES, "process trades.routed")

    assert_context_is_lost_at_the_enricher(sent)
    failed = [span for _, span in sent if span.status.code == Status.STATUS_CODE_ERROR]
    assert all(span.events[0].name == "exception" for span in failed)


def failed_thrice(sent: list[Sent]) -> set[str]:
    """Return the trades that the validator needed three attempts for."""
    attempts = Counter(keys(sent, TRADES, "process trades.accepted"))
    return {key for key in whole(TRADES, sent) if attempts[key] == 3}


def assert_context_is_lost_at_the_enricher(sent: list[Sent]) -> None:
    routed = [span for _, span in sent if span.name == "process trades.enriched"]
    assert routed
    assert not any(span.parent_span_id for span in routed)
    traces = defaultdict(set)
    for _, span in sent:
        traces[attributes(span).get(TRADES.key)].add(span.trace_id)
    assert all(len(traces[key]) == 2 for key in whole(TRADES, sent))
