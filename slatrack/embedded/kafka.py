"""Kafka without a Kafka server: librdkafka's own mock cluster, inside this process.

It speaks the real protocol on a loopback port, keeps the last 5 MB of each partition in memory, and
is gone with the process. Producers and consumers do not know the difference.
"""

from collections.abc import Iterable

from confluent_kafka import Producer


class EmbeddedKafka:
    """A running mock cluster; it lives as long as this object."""

    def __init__(self, topics: Iterable[str] = ()) -> None:
        self._cluster = Producer(
            {"bootstrap.servers": "embedded", "test.mock.num.brokers": 1, "log_level": 2}
        )
        for topic in topics:
            self._cluster.list_topics(topic, timeout=10)  # asking for one makes it
        brokers = self._cluster.list_topics(timeout=10).brokers.values()
        self.brokers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
