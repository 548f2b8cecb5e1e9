"""Whoever claims which partition at which moment, and whatever the database answers: each record is
stored, and none is passed over.

Kafka is a fake, for only so can partitions change hands at any moment; what is ours is real.
"""

import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace

import pytest
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaError, TopicPartition
from django.db import OperationalError
from django.db.models import F
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from consumers import brokers, subscription
from consumers.loop import Loop
from consumers.subscription import Subscription
from slatrack.tracking.housekeeping import LOST_TO_RETENTION
from slatrack.tracking.models import Source, Tally, Trace
from slatrack.tracking.recorder import record
from tests.away import away
from tests.consumers.test_loop import Message, one

pytestmark = pytest.mark.django_db

PARTITIONS = range(3)
PLACES = st.sets(st.sampled_from(PARTITIONS), min_size=1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.sampled_from(PARTITIONS)),
        st.tuples(st.just("read"), st.none()),
        st.tuples(st.just("claim"), PLACES),  # by another, between two batches
        st.tuples(st.just("claim amid"), PLACES),  # the same, as the next batch is recorded
        st.tuples(st.just("fail"), st.sampled_from(["before", "after"])),  # what is recorded next
        st.tuples(st.just("jump"), PLACES),  # the client passes over a record
        st.tuples(st.just("revoke"), PLACES),
        st.tuples(st.just("assign"), PLACES),
    ),
    max_size=40,
)
topics, numbers = count(), count(1)


class Kafka:
    """A topic, and the client of a group's one member: what it is assigned can be changed."""

    def __init__(self, topic):
        self.topic, self.logs = topic, {number: [] for number in PARTITIONS}
        self.at: dict[int, int] = {}  # where it reads, by partition that it was assigned
        self.paused: set[int] = set()
        self.gaps: set[int] = set()  # offsets of what is no record, as marks of transactions
        self.placed: list[int] = []
        self.deleted = range(0)  # offsets of partition 0 that retention has taken, as it is read

    def __call__(self, configuration):
        return self

    def subscribe(self, topics, *, on_assign, on_revoke, on_lost):
        self.on_assign, self.on_revoke = on_assign, on_revoke

    def jump(self, numbers):
        for number in numbers & self.at.keys():
            self.at[number] = min(self.at[number] + 1, len(self.logs[number]))

    def given(self, numbers):
        return [TopicPartition(self.topic, number) for number in sorted(numbers)]

    def assign(self, numbers):
        self.on_assign(self, self.given(numbers - self.at.keys()))

    def revoke(self, numbers):
        self.on_revoke(self, self.given(numbers & self.at.keys()))

    def incremental_assign(self, starts):
        for start in starts:
            end = len(self.logs[start.partition])
            special = {OFFSET_BEGINNING: 0, OFFSET_END: end}
            self.at[start.partition] = special.get(start.offset, start.offset)
            self.placed.append(self.at[start.partition])

    def incremental_unassign(self, gone):
        for place in gone:
            self.at.pop(place.partition)

    def assignment(self):
        return self.given(self.at)

    def pause(self, which):
        self.paused |= {place.partition for place in which}

    def resume(self, which):
        self.paused -= {place.partition for place in which}

    def consume(self, most, timeout):
        found = []
        for number in sorted(self.at.keys() - self.paused):
            while self.at[number] < len(self.logs[number]) and len(found) < most:
                if number == 0 and self.at[number] in self.deleted:
                    found.append(Overtaken(self.at[number], b"", number, self.topic))
                    self.paused.add(number)  # it reads no more until it is told where
                    break
                value, offset = self.logs[number][self.at[number]], self.at[number]
                if offset not in self.gaps:
                    found.append(Record(offset, value, number, self.topic))
                self.at[number] += 1
            if self.at[number] == len(self.logs[number]) and found:
                found.append(End(self.at[number], b"", number, self.topic))
        return found

    def get_watermark_offsets(self, place, timeout):
        return self.deleted.stop, len(self.logs[0])

    def commit(self, **_):
        pass

    def list_topics(self, timeout):
        pass

    def list_offsets(self, wanted, **_):
        ends: dict[TopicPartition, Future] = {place: Future() for place in wanted}
        for place, end in ends.items():
            end.set_result(SimpleNamespace(offset=len(self.logs[place.partition])))
        return ends


class Record(Message):
    def __len__(self):
        return len(self.value())

    def error(self):
        return None


class End(Record):
    def error(self):
        return KafkaError(KafkaError._PARTITION_EOF)


class Overtaken(Record):
    def error(self):
        return KafkaError(KafkaError._AUTO_OFFSET_RESET)


class World:
    """The topic, its one reader, and another that claims what it does not read."""

    def __init__(self, monkeypatch, batch):
        topic = f"claims-{next(topics)}"
        self.kafka, self.sent, self.amid, self.fails = Kafka(topic), set(), set(), ""
        monkeypatch.setattr(subscription, "Consumer", self.kafka)
        monkeypatch.setattr(brokers, "AdminClient", self.kafka)
        self.stop = threading.Event()
        reader = Subscription(
            {"group.id": "g"}, {topic: "auto"}, owner="a", clock=self.now, stop=self.stop,
            batch=(batch, 0.0),
        )  # fmt: skip
        self.loop = Loop(reader, record=self.record, clock=self.now, stop=self.stop)

    def now(self):
        return datetime.now(UTC)

    def record(self, spans, **others):
        amid, self.amid, fails, self.fails = self.amid, set(), self.fails, ""
        self.claim(amid)
        if fails == "before":
            raise OperationalError("the database is away")
        done = record(spans, **others)
        if fails == "after":
            raise OperationalError("it is committed, and nobody hears of it")
        return done

    def claim(self, places):
        rows = Source.objects.filter(topic=self.kafka.topic, partition__in=places)
        rows.update(epoch=F("epoch") + 1)

    def do(self, what, where):
        if what == "send":
            self.sent.add(next(numbers))
            self.kafka.logs[where].append(one(max(self.sent)))
        elif what == "read":
            self.loop.run_once()
        elif what == "claim":
            self.claim(where)
        elif what == "claim amid":
            self.amid = where
        elif what == "fail":
            self.fails = where
        else:
            getattr(self.kafka, what)(where)

    def read_all(self):
        """Let it have all partitions, nobody claim any more, and read for as long as it takes."""
        self.amid, self.fails = set(), ""
        self.kafka.assign(set(PARTITIONS))
        for _ in range(len(self.sent) + 6):
            self.loop.run_once()

    def go_on(self):
        """Let a record come in each partition: by what follows a jump it is noticed."""
        for number in PARTITIONS:
            self.do("send", number)
        self.read_all()

    def stored(self):
        return {int.from_bytes(row.id.bytes, "big") for row in Trace.objects.all()} & self.sent

    def offsets(self):
        rows = Source.objects.filter(topic=self.kafka.topic).order_by("partition")
        return [row.next_offset or 0 for row in rows]


ONE_OF_TWO = [
    ("send", 0), ("send", 1), ("claim amid", {1}), ("read", None), ("send", 0), ("read", None),
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=ONE_OF_TWO, batch=50)
@given(steps=STEPS, batch=st.sampled_from([1, 2, 50]))
def test_each_record_is_stored_whoever_claims_what_and_whatever_fails_in_between(
    monkeypatch, steps, batch
):
    world = World(monkeypatch, batch)
    world.kafka.assign(set(PARTITIONS))

    for what, where in steps:
        world.do(what, where)
    world.read_all()
    world.go_on()

    assert world.stored() == world.sent
    assert world.offsets() == [len(world.kafka.logs[number]) for number in PARTITIONS]


def test_what_is_assigned_while_the_database_is_away_waits_paused_at_a_place_nobody_asks_for(
    monkeypatch,
):
    """An end that Kafka is asked for comes late, and moves librdkafka on: records are lost."""
    world = World(monkeypatch, 50)
    for number in PARTITIONS:
        world.do("send", number)

    with away(OperationalError("gone")):
        world.kafka.assign(set(PARTITIONS))

    assert world.kafka.at == dict.fromkeys(PARTITIONS, 0)
    assert world.kafka.paused == set(PARTITIONS)
    world.read_all()
    assert world.kafka.paused == set()
    assert world.stored() == world.sent


def test_a_gap_is_read_twice_and_only_the_first_of_a_partition(monkeypatch):
    world = World(monkeypatch, 50)
    world.kafka.gaps = {1, 3, 5}
    world.kafka.assign({0})
    for _ in range(7):
        world.do("send", 0)
        world.do("read", None)
    world.do("read", None)

    assert world.stored() == {n for at, n in enumerate(sorted(world.sent)) if at not in (1, 3, 5)}
    assert world.kafka.placed == [0, 1]
    assert world.offsets()[0] == 7


def test_who_passed_over_a_record_has_not_reached_the_end(monkeypatch):
    world = World(monkeypatch, 50)
    world.kafka.assign({0})
    world.do("send", 0)
    world.do("read", None)
    [held] = world.loop.subscription.partitions.held.values()
    assert held.end_seen == 1

    world.do("send", 0)
    world.do("jump", {0})
    world.do("send", 0)
    world.do("read", None)

    assert (world.offsets()[0], held.end_seen) == (1, 1)
    world.do("read", None)
    assert (world.offsets()[0], held.end_seen) == (3, 3)


def test_what_retention_took_in_the_midst_of_a_batch_is_counted_once_and_the_rest_stored(
    monkeypatch,
):
    world = World(monkeypatch, 50)
    world.kafka.assign({0})
    for _ in range(8):
        world.do("send", 0)
    world.kafka.deleted = range(2, 5)

    for _ in range(3):
        world.do("read", None)

    sent = sorted(world.sent)
    assert world.stored() == {*sent[:2], *sent[5:]}
    assert Tally.objects.get(name=LOST_TO_RETENTION).count == 3
    assert (world.kafka.placed, world.offsets()[0]) == ([0, 5], 8)
