"""The span consumer against Kafka: librdkafka's own mock cluster, and a real one where marked."""

import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from django.conf import settings
from django.db import OperationalError, connection, transaction

from consumers import brokers as brokers_module
from consumers import hearing
from consumers.kafka import configuration, topics
from consumers.loop import Loop
from consumers.partitions import Held
from consumers.subscription import Subscription
from slatrack.alerting import troubles
from slatrack.tracking.housekeeping import LOST_TO_RETENTION
from slatrack.tracking.models import SetAside, Source, Tally, Trace
from slatrack.tracking.recorder import record
from slatrack.tracking.sources import Advance, Fenced, advance, watermark
from tests.otlp.build import export, span

PATIENCE = 40.0  # seconds


REAL = pytest.param("kafka_brokers", marks=pytest.mark.servers)
on_real = pytest.mark.parametrize("brokers", [REAL], indirect=True)
on_mock = pytest.mark.parametrize("brokers", ["mock_brokers"], indirect=True)
on_both = pytest.mark.parametrize("brokers", ["mock_brokers", REAL], indirect=True)


@pytest.fixture
def brokers(request):
    return request.getfixturevalue(request.param)


class Cluster:
    """A topic of its own, and members of a group of its own."""

    def __init__(self, brokers: str) -> None:
        self.brokers = brokers
        self.topic = f"spans-{uuid.uuid4().hex[:8]}"
        settings.SLATRACK.kafka_brokers = brokers
        settings.SLATRACK.kafka_topics = f"{self.topic}:auto"
        settings.SLATRACK.kafka_group = f"g-{self.topic}"
        in_order = {"max.in.flight.requests.per.connection": 1}
        self.producer = Producer({"bootstrap.servers": brokers, "log_level": 0, **in_order})
        self.members: list[Loop] = []
        self.stop = threading.Event()

    def send(self, *values: bytes, partition: int = 0) -> None:
        """Append in this order; what follows waits for the first, which a cold topic refuses."""
        for value in values:
            self.producer.produce(self.topic, value, partition=partition)
            if value is values[0]:
                assert self.producer.flush(20) == 0
        assert self.producer.flush(20) == 0

    def join(self, owner: str = "a") -> Loop:
        subscription = Subscription(
            configuration(),
            topics(settings.SLATRACK.kafka_topics),
            owner=owner,
            clock=now,
            stop=self.stop,
            batch=(200, 0.05),
        )
        self.members.append(Loop(subscription, record=record, clock=now, stop=self.stop))
        return self.members[-1]

    def leave(self, loop: Loop) -> None:
        self.members.remove(loop)
        loop.subscription.close()

    def until(self, condition: Callable[[], bool], *, holding: Loop | None = None) -> None:
        """Let all members work in turn until `condition` holds; one may stand still."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "it never came to that"
            for loop in self.members:
                if loop is holding:
                    loop.subscription.hold(0.1)
                else:
                    loop.run_once()

    def offset(self, partition: int = 0) -> int | None:
        found = Source.objects.filter(topic=self.topic, partition=partition).first()
        return found and found.next_offset


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def cluster(brokers, monkeypatch, transactional_db):
    for name in ("kafka_brokers", "kafka_topics", "kafka_group"):
        monkeypatch.setattr(settings.SLATRACK, name, getattr(settings.SLATRACK, name))
    made = Cluster(brokers)
    yield made
    for loop in list(made.members):
        made.leave(loop)


def one(number: int) -> bytes:
    """A record with one span of a trace of its own."""
    return export(span(f"s{number}", trace_id=number.to_bytes(16, "big")))


@on_real
def test_records_are_stored_with_their_offsets_and_read_on_after_a_restart(cluster):
    cluster.send(one(1), b"nobody can read this", b'{"resourceSpans": []}', one(2))
    first = cluster.join()
    cluster.until(lambda: cluster.offset() == 4)

    assert Trace.objects.count() == 2
    aside = SetAside.objects.get()
    assert (aside.source, aside.topic, aside.partition, aside.offset) == (
        "kafka",
        cluster.topic,
        0,
        1,
    )
    assert bytes(aside.data) == b"nobody can read this"
    assert "not an OTLP trace export" in aside.reason

    source = Source.objects.get(topic=cluster.topic, partition=0)
    cluster.until(lambda: (watermark(now()) or source.alive_at) > source.alive_at)
    assert Source.objects.get(id=source.id).lag == 0

    cluster.leave(first)
    cluster.send(one(3))
    before = source.epoch
    cluster.join("b")
    cluster.until(lambda: cluster.offset() == 5)
    assert Trace.objects.count() == 3
    assert SetAside.objects.count() == 1
    assert Source.objects.get(id=source.id).epoch > before


@on_real
def test_two_consumers_share_three_partitions_and_a_former_owner_cannot_write(cluster):
    cluster.send(one(1), partition=0)
    cluster.send(one(2), partition=1)
    cluster.send(one(3), partition=2)
    alone = cluster.join("alone")
    cluster.until(lambda: Trace.objects.count() == 3)
    stale = {p: held.claim for p, held in alone.subscription.partitions.held.items()}

    second = cluster.join("second")
    cluster.until(lambda: len(second.subscription.partitions.held) >= 1
                  and len(alone.subscription.partitions.held) >= 1)  # fmt: skip
    held = set(alone.subscription.partitions.held) | set(second.subscription.partitions.held)
    assert {(cluster.topic, n) for n in range(3)} <= held

    moved = next(p for p in second.subscription.partitions.held if p in stale)
    late = Advance(stale[moved].name, stale[moved].epoch, 99)
    with pytest.raises(Fenced), transaction.atomic():
        advance([late], now=now())
    assert cluster.offset(moved[1]) == 1

    for number in range(4, 40):
        cluster.send(one(number), partition=number % 3)
    cluster.until(lambda: Trace.objects.count() == 39)

    cluster.leave(alone)
    cluster.send(one(40), one(41), partition=0)
    cluster.until(lambda: Trace.objects.count() == 41)


@on_mock
def test_records_of_few_spans_are_gathered_into_large_batches(cluster):
    cluster.send(*(one(number) for number in range(1, 1_501)))
    loop = cluster.join()
    batches: list[int] = []
    loop.record = lambda spans, **others: (batches.append(len(spans)), record(spans, **others))
    cluster.until(lambda: cluster.offset() == 1_500)

    assert max(batches) > 400  # of which 200 may be asked for at a time
    assert Trace.objects.count() == 1_500


@on_both
def test_a_fenced_consumer_reads_on_from_what_is_stored(cluster):
    cluster.send(one(1))
    loop = cluster.join()
    cluster.until(lambda: cluster.offset() == 1)

    Source.objects.filter(topic=cluster.topic, partition=0).update(
        epoch=1000
    )  # somebody claimed it
    cluster.send(one(2), one(3))
    cluster.until(lambda: cluster.offset() == 3)

    assert Trace.objects.count() == 3
    assert loop.subscription.partitions.held[cluster.topic, 0].claim.epoch == 1001


@on_real
def test_partitions_that_went_away_while_reading_paused_are_read_when_they_come_back(cluster):
    cluster.send(one(1), partition=0)
    cluster.send(one(2), partition=1)
    first = cluster.join("first")
    held = first.subscription.partitions.held
    cluster.until(lambda: Trace.objects.count() == 2)
    before = set(held)

    second = cluster.join("second")
    cluster.until(lambda: len(held) < len(before), holding=first)
    first.subscription.resume()
    cluster.leave(second)
    cluster.until(lambda: set(held) == before)

    for partition in (0, 1):
        cluster.send(one(3 + partition), partition=partition)
    cluster.until(lambda: Trace.objects.count() == 4)


@on_both
def test_partitions_given_while_the_database_was_away_are_read_once_it_is_back(cluster, caplog):
    cluster.send(one(1))
    member = cluster.join()

    with connection.execute_wrapper(away):
        cluster.until(lambda: "claimed when it is back" in caplog.text, holding=member)
    member.subscription.resume()

    cluster.until(lambda: cluster.offset() == 1)
    assert (Trace.objects.count(), SetAside.objects.count()) == (1, 0)


@on_both
def test_a_client_that_gives_nothing_is_told_and_the_next_one_reads_on(cluster, monkeypatch):
    cluster.send(one(1))
    member = cluster.join()
    cluster.until(lambda: cluster.offset() == 1)
    client = member.subscription._consumer
    client.pause(client.assignment())  # behind our back, as if it had lost its brokers
    monkeypatch.setattr(hearing, "SILENCE", 0.2)
    monkeypatch.setattr(hearing, "TRIES", 1)

    cluster.send(one(2))
    with pytest.raises(hearing.DeafError):  # its complaints are no records
        cluster.until(lambda: member.subscription._gathering._backlog.append(Complaint()))
    cluster.leave(member)
    cluster.join()
    cluster.until(lambda: cluster.offset() == 2)
    assert Trace.objects.count() == 2


class Complaint:
    """What a client that has lost its brokers gives instead of records."""

    def topic(self) -> None: ...
    def partition(self) -> None: ...
    def offset(self) -> None: ...

    def error(self) -> KafkaError:
        return KafkaError(KafkaError._ALL_BROKERS_DOWN)


def away(*_: object) -> None:
    raise OperationalError("gone")


@on_real
def test_records_that_retention_took_are_counted_and_a_new_log_is_read_from_its_start(
    cluster, caplog
):
    cluster.send(one(1))
    claim_name = f"{settings.SLATRACK.kafka_group}:{cluster.topic}:0"
    Source.objects.create(
        name=claim_name, topic=cluster.topic, partition=0,
        group=settings.SLATRACK.kafka_group, next_offset=500, alive_at=now(),
    )  # fmt: skip
    cluster.join()
    cluster.until(lambda: cluster.offset() == 1)

    assert Trace.objects.count() == 1
    assert "is a new log" in caplog.text
    assert not Tally.objects.filter(name=LOST_TO_RETENTION).exists()


@on_real
def test_records_deleted_before_they_were_read_are_counted_and_told(cluster, caplog):
    cluster.send(one(1), one(2))
    first = cluster.join()
    cluster.until(lambda: cluster.offset() == 2)
    cluster.leave(first)
    cluster.send(*(one(number) for number in range(3, 9)))
    admin = AdminClient({"bootstrap.servers": cluster.brokers, "log_level": 0})
    up_to = TopicPartition(cluster.topic, 0, 5)
    admin.delete_records([up_to])[up_to].result(20)

    cluster.join("b")
    cluster.until(lambda: cluster.offset() == 8)

    assert Trace.objects.count() == 5
    assert Tally.objects.get(name=LOST_TO_RETENTION).count == 3
    assert "3 records lost to Kafka's retention" in caplog.text
    assert troubles.look(now=now()) == 1
    assert "deleted 3 records" in troubles.open_troubles().get(kind="lost").sentence


@on_real
def test_a_consumer_overtaken_while_it_waited_for_the_database_says_what_it_lost(cluster, caplog):
    cluster.send(one(1))
    loop = cluster.join()
    cluster.until(lambda: cluster.offset() == 1)
    subscription = loop.subscription
    subscription.hold(0.2)
    cluster.send(*(one(number) for number in range(2, 6)))
    admin = AdminClient({"bootstrap.servers": cluster.brokers, "log_level": 0})
    up_to = TopicPartition(cluster.topic, 0, 4)
    admin.delete_records([up_to])[up_to].result(20)
    subscription.resume()

    cluster.until(lambda: cluster.offset() == 5)

    lost = Tally.objects.filter(name=LOST_TO_RETENTION).values_list("count", flat=True).first()
    assert Trace.objects.count() + (lost or 0) == 5


def test_kafka_out_of_reach_stops_nothing_and_is_said_once(monkeypatch, caplog, db):
    monkeypatch.setattr(brokers_module, "KNOCKING", 0.05)
    monkeypatch.setattr(brokers_module, "ASK_EVERY", timedelta(0))
    monkeypatch.setattr(settings.SLATRACK, "kafka_brokers", "127.0.0.1:1")
    monkeypatch.setattr(settings.SLATRACK, "kafka_group", "unreachable")
    stop = threading.Event()
    subscription = Subscription(
        configuration(), {"t": "auto"}, owner="a", clock=now, stop=stop, batch=(10, 0.01)
    )
    loop = Loop(subscription, record=record, clock=now, stop=stop)

    end = time.monotonic() + PATIENCE
    while subscription.brokers.reachable is None and time.monotonic() < end:
        assert loop.run_once() == 0
    for _ in range(5):
        loop.run_once()

    monkeypatch.setattr(hearing, "SILENCE", 0.0)  # nobody is deaf to what nobody reaches
    subscription.look(now=now())  # owning nothing, and then something
    subscription.partitions.held["t", 0] = Held(SimpleNamespace(name="t/0", epoch=1), lag=5)
    subscription.look(now=now())

    subscription.close()
    assert subscription.brokers.reachable is False
    assert caplog.text.count("Kafka cannot be reached") == 1
