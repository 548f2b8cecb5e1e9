"""Where a benchmark runs: a database and a Kafka topic of its own, gone afterwards."""

import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet, Sum

from slatrack.bench import shares
from slatrack.bench.collecting import Keyed
from slatrack.tracking.models import Source

PARTITIONS = 12
REDIS = "/15"  # the number of its Redis database: workers of others hear nothing of ours
MOCK_PARTITIONS = 4  # what the mock cluster gives a topic; it keeps 5 MB of each


@contextmanager
def own_database() -> Iterator[None]:
    """Work on an empty database of the configured kind; the user's own is not touched."""
    with tempfile.TemporaryDirectory(prefix="slatrack-bench-") as folder:
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "slatrack.sqlite3")
        kept = str(connection.settings_dict["NAME"])
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(kept, verbosity=0)


def own_connection() -> dict[str, str]:
    """Return libpq's parameters of the database in use here."""
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host",
             "PORT": "port"}  # fmt: skip
    at = connection.settings_dict
    return {to: str(at[name]) for name, to in names.items() if at[name]}


def own_redis() -> str:
    """Return the address of a number of Redis where no tasks of others are; none without Redis."""
    at = settings.SLATRACK.redis_url
    return urlsplit(at)._replace(path=REDIS).geturl() if at else ""


def server_process() -> int | None:
    """Return the process of a database server on this machine."""
    at: dict[str, Any] = connection.settings_dict
    return serving(f"{at['HOST']}:{at['PORT'] or 5432}") if at.get("HOST") else None


def serving(address: str) -> int | None:
    """Return the process that serves the first of some addresses, if it is on this machine."""
    host, _, port = address.split(",")[0].rpartition(":")
    return shares.serving(host, int(port)) if port.isdigit() else None


class Broker:
    """The configured broker, or librdkafka's mock cluster, with a topic of its own."""

    def __init__(self, config: Mapping[str, str] | None = None) -> None:
        """`config` is the topic's, where the broker is a real one."""
        self._config = dict(config or {})
        self.topic = f"slatrack_bench_{uuid.uuid4().hex[:8]}"
        self.records = 0
        self._mock: Producer | None = None
        self.address = settings.SLATRACK.kafka_brokers or self._start_mock()

    def _start_mock(self) -> str:
        self._mock = Producer(
            {"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 2}
        )
        brokers = self._mock.list_topics(timeout=10).brokers.values()
        return ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def __enter__(self) -> "Broker":
        self._make_topic()
        return self

    def _make_topic(self) -> None:
        admin = AdminClient({"bootstrap.servers": self.address})
        if self._mock is not None:
            admin.list_topics(self.topic, timeout=10)  # which makes it
            return
        topic = NewTopic(self.topic, PARTITIONS, 1, config=self._config)
        for made in admin.create_topics([topic]).values():
            made.result(timeout=30)

    def __exit__(self, *_: object) -> None:
        if self._mock is None:
            AdminClient({"bootstrap.servers": self.address}).delete_topics([self.topic])

    def read(self) -> int:
        """Return how many records of its topic are stored, as the offsets say."""
        return self._sources().aggregate(n=Sum("next_offset"))["n"] or 0

    def owners(self) -> int:
        """Return how many consumers have partitions to read, once each has been given out."""
        return self._sources().values("owner").distinct().count()

    def _sources(self) -> QuerySet[Source]:
        return Source.objects.filter(topic=self.topic)

    def send(self, records: Iterable[Keyed]) -> None:
        """Produce `records`, and wait until all are there. Those without a key go round."""
        failed: list[object] = []
        producer = Producer({"bootstrap.servers": self.address, "linger.ms": 20})
        partitions = PARTITIONS if self._mock is None else MOCK_PARTITIONS
        for key, record in records:
            number = self.records if key is None else crc32(key)
            producer.produce(
                self.topic,
                record,
                key,
                partition=number % partitions,
                on_delivery=lambda error, _: failed.append(error) if error else None,
            )
            producer.poll(0)
            self.records += 1
            if len(producer) > 20_000:
                producer.flush()
        left = producer.flush(60)
        if left or failed:
            raise RuntimeError(
                f"{left + len(failed)} records did not reach the broker: {failed[:1]}"
            )
