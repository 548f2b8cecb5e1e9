"""A topic read from its beginning, without a consumer group: that takes seconds to join."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

Sent = tuple[str, Span]  # service, span


@contextmanager
def reader(brokers: str, *topics: str) -> Iterator[Consumer]:
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "test", "log_level": 0})
    known = consumer.list_topics(timeout=10).topics
    consumer.assign(
        [
            TopicPartition(topic, partition, OFFSET_BEGINNING)
            for topic in topics
            for partition in known[topic].partitions
        ]
    )
    yield consumer
    consumer.close()


def read_until(
    consumer: Consumer, enough: Callable[[list[Message]], bool], *, within: float = 30
) -> list[Message]:
    """Return what was read once it is enough; AssertionError if it never is."""
    until = time.monotonic() + within
    read: list[Message] = []
    while not enough(read):
        assert time.monotonic() < until, f"not enough after {within} s: {len(read)} messages"
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            read.append(message)
    return read


def spans(messages: list[Message]) -> list[Sent]:
    """Return the spans in records of otlp_spans, each with the name of its service."""
    found = []
    for message in messages:
        for group in TracesData.FromString(message.value()).resource_spans:
            resource = attributes(group.resource)
            for scope in group.scope_spans:
                found.extend((str(resource["service.name"]), span) for span in scope.spans)
    return found


def attributes(holder) -> dict[str, object]:
    """Return the attributes of a span, resource or link."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in holder.attributes}
