"""Kafka with spans around it, as OpenTelemetry's Java agent reports it by new conventions."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer

Attributes = Mapping[str, str | int | float]
MAX_WAIT = 30  # seconds for a broker to take a message


class TracedProducer:
    """Sends messages, each in a PRODUCER span that the message carries on in its headers."""

    def __init__(self, brokers: str, tracer: Tracer, client_id: str) -> None:
        self._tracer = tracer
        self._common = {"messaging.client.id": client_id, **_common("send")}
        self._producer = Producer(
            {"bootstrap.servers": brokers, "client.id": client_id, "linger.ms": 2, "log_level": 2}
        )
        self._closed = threading.Event()
        self._poller = threading.Thread(target=self._poll, name=client_id, daemon=True)
        self._poller.start()

    def send(
        self,
        topic: str,
        key: str,
        value: bytes,
        attributes: Attributes,
        *,
        propagated: bool = True,
    ) -> Future[None]:
        """Send; the future is done when a broker has the message, or fails.

        The span ends then too, with the partition and offset that the broker gave. Without
        `propagated`, the message carries no trace context.
        """
        span = self._tracer.start_span(
            f"send {topic}",
            kind=SpanKind.PRODUCER,
            attributes={**self._common, **_message(topic, key), **attributes},
        )
        headers: dict[str, str] = {}
        if propagated:
            propagate.inject(headers, trace.set_span_in_context(span, Context()))
        sent: Future[None] = Future()

        def delivered(error: KafkaError | None, message: Message) -> None:
            _settle(span, sent, error, message)

        self._producer.produce(
            topic, value=value, key=key, headers=list(headers.items()), on_delivery=delivered
        )
        return sent

    def close(self) -> None:
        """Wait for what is under way, for a few seconds at most."""
        self._closed.set()
        self._poller.join()
        self._producer.flush(3)

    def _poll(self) -> None:
        while not self._closed.is_set():
            self._producer.poll(0.2)


@contextmanager
def processing(
    tracer: Tracer, message: Message, group: str, attributes: Attributes
) -> Iterator[Span]:
    """Handle one message in a CONSUMER span: child of the span that sent it, and linked to it."""
    span = start_processing(tracer, message, group, attributes)
    with trace.use_span(span, end_on_exit=True, record_exception=True):
        yield span


def start_processing(tracer: Tracer, message: Message, group: str, attributes: Attributes) -> Span:
    """Start such a span without making it the current one: for batches."""
    topic = message.topic() or ""
    return tracer.start_span(
        f"process {topic}",
        context=_context(message),
        kind=SpanKind.CONSUMER,
        links=links([message]),
        attributes={
            **_common("process"),
            **_message(topic, key_of(message)),
            **_place(message),
            "messaging.consumer.group.name": group,
            **attributes,
        },
    )


def links(messages: list[Message]) -> list[Link]:
    """Return a link to the sending span of each message that has one."""
    contexts = [trace.get_current_span(_context(m)).get_span_context() for m in messages]
    return [Link(context) for context in contexts if context.is_valid]


def key_of(message: Message) -> str:
    """Return the message's key as text."""
    key = message.key() or b""
    return key if isinstance(key, str) else key.decode("utf-8", "replace")


def _settle(span: Span, sent: Future[None], error: KafkaError | None, message: Message) -> None:
    if error is None:
        span.set_attributes(_place(message))
        span.end()
        sent.set_result(None)
        return
    span.set_status(Status(StatusCode.ERROR, error.str()))
    span.end()
    sent.set_exception(KafkaException(error))


def _context(message: Message) -> Context:
    headers = {name: _text(value) for name, value in dict(message.headers() or ()).items()}
    return propagate.extract(headers, Context())


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _common(operation: str) -> dict[str, str]:
    return {
        "messaging.system": "kafka",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
    }


def _message(topic: str, key: str) -> dict[str, str]:
    return {"messaging.destination.name": topic, "messaging.kafka.message.key": key}


def _place(message: Message) -> dict[str, str | int]:
    return {
        "messaging.destination.partition.id": str(message.partition()),
        "messaging.kafka.offset": message.offset() or 0,
    }
