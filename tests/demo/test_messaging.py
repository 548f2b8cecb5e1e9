"""Messages through a real protocol, and the spans around them."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Message
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from slatrack.demo.messaging import TracedProducer, processing
from tests.demo.topic import read_until, reader

TOPIC = "trades.accepted"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.fixture
def producer(mock_brokers: str, tracing: TracerProvider) -> Iterator[TracedProducer]:
    traced = TracedProducer(mock_brokers, tracing.get_tracer("test"), "gateway-producer")
    yield traced
    traced.close()


def exchange(producer: TracedProducer, brokers: str, key: str, **options: bool) -> Message:
    producer.send(TOPIC, key, b"{}", {"trade.id": key}, **options).result(10)
    with reader(brokers, TOPIC) as consumer:
        found = read_until(consumer, lambda read: any(m.key() == key.encode() for m in read))
    return found[-1]


def by_kind(exporter: InMemorySpanExporter) -> dict[SpanKind, ReadableSpan]:
    return {span.kind: span for span in exporter.get_finished_spans()}


def test_a_message_carries_its_span_and_both_sides_know_the_coordinates(
    producer: TracedProducer,
    tracing: TracerProvider,
    exporter: InMemorySpanExporter,
    mock_brokers: str,
):
    message = exchange(producer, mock_brokers, "T-1")
    with processing(tracing.get_tracer("test"), message, "validator", {"trade.id": "T-1"}):
        pass

    spans = by_kind(exporter)
    send, process = spans[SpanKind.PRODUCER], spans[SpanKind.CONSUMER]
    assert (send.name, process.name) == (f"send {TOPIC}", f"process {TOPIC}")
    assert process.parent.span_id == send.context.span_id
    assert [link.context.span_id for link in process.links] == [send.context.span_id]
    coordinates = {
        "messaging.system": "kafka",
        "messaging.destination.name": TOPIC,
        "messaging.destination.partition.id": str(message.partition()),
        "messaging.kafka.offset": message.offset(),
        "messaging.kafka.message.key": "T-1",
        "trade.id": "T-1",
    }
    assert coordinates.items() <= dict(send.attributes).items()
    assert coordinates.items() <= dict(process.attributes).items()
    assert send.attributes["messaging.operation.type"] == "send"
    assert process.attributes["messaging.operation.type"] == "process"
    assert process.attributes["messaging.consumer.group.name"] == "validator"


def test_without_propagation_the_other_side_starts_a_trace_of_its_own(
    producer: TracedProducer,
    tracing: TracerProvider,
    exporter: InMemorySpanExporter,
    mock_brokers: str,
):
    message = exchange(producer, mock_brokers, "T-2", propagated=False)
    with processing(tracing.get_tracer("test"), message, "validator", {}):
        pass

    spans = by_kind(exporter)
    assert spans[SpanKind.CONSUMER].parent is None
    assert not spans[SpanKind.CONSUMER].links
    assert spans[SpanKind.CONSUMER].context.trace_id != spans[SpanKind.PRODUCER].context.trace_id


def test_an_exception_is_recorded(
    producer: TracedProducer,
    tracing: TracerProvider,
    exporter: InMemorySpanExporter,
    mock_brokers: str,
):
    message = exchange(producer, mock_brokers, "T-3")
    with (
        pytest.raises(ValueError, match="no price"),
        processing(tracing.get_tracer("test"), message, "validator", {}),
    ):
        raise ValueError("no price")

    process = by_kind(exporter)[SpanKind.CONSUMER]
    assert process.status.status_code is StatusCode.ERROR
    assert process.events[0].attributes["exception.message"] == "no price"
