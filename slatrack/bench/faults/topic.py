"""A topic of its own for one fault, and a producer that goes on through outages of its broker."""

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

PARTITIONS = 4
FLUSH = 120  # seconds for what was produced to reach the broker, at most


class Topic:
    """Records in a topic of PARTITIONS partitions; where each came to lie is remembered."""

    def __init__(self, brokers: str) -> None:
        self.name = f"slatrack_faults_{uuid.uuid4().hex[:8]}"
        self.brokers, self.sent = brokers, 0
        self.places: dict[int, tuple[int, int]] = {}  # partition and offset, by record number
        self.admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
        made = self.admin.create_topics([NewTopic(self.name, PARTITIONS, 1)])
        made[self.name].result(30)
        self.producer = Producer(
            {
                "bootstrap.servers": brokers,
                "enable.idempotence": True,
                "linger.ms": 5,
                "log_level": 0,
                "reconnect.backoff.max.ms": 500,
                "queue.buffering.max.messages": 1_000_000,
            }
        )

        self.producer.list_topics(self.name, timeout=30)  # so that the first record waits for none

    def produce(self, values: Iterable[bytes]) -> None:
        """Hand over records, in turn to all partitions; does not wait for the broker."""
        for value in values:
            number = self.sent
            self.producer.produce(
                self.name, value, partition=number % PARTITIONS, on_delivery=self._noting(number)
            )
            self.producer.poll(0)
            self.sent += 1

    def _noting(self, number: int) -> Callable[[Any, Any], None]:
        def note(error: Any, message: Any) -> None:
            if error is None:
                self.places[number] = message.partition(), message.offset()

        return note

    def flush(self) -> None:
        """Wait until all is there."""
        end = time.monotonic() + FLUSH
        while self.producer.flush(1) and time.monotonic() < end:
            continue
        if len(self.places) < self.sent:
            raise RuntimeError(f"{self.sent - len(self.places)} records did not reach the broker")

    def delete(self, upto: dict[int, int]) -> list[int]:
        """Let Kafka delete records before an offset by partition; return their numbers."""
        places = [TopicPartition(self.name, number, offset) for number, offset in upto.items()]
        for done in self.admin.delete_records(places).values():
            done.result(30)
        return [
            number
            for number, (partition, offset) in self.places.items()
            if offset < upto.get(partition, 0)
        ]

    def remove(self) -> None:
        """Delete the topic."""
        self.admin.delete_topics([self.name])

    def ends(self) -> Sequence[int]:
        """Return where the partitions end, once all that was sent is there."""
        ends = [0] * PARTITIONS
        for partition, offset in self.places.values():
            ends[partition] = max(ends[partition], offset + 1)
        return ends
