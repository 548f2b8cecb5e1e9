"""The loop of the span consumer, with a twin of Kafka's side: databases go, records are poison."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import KafkaException
from django.db import InternalError, OperationalError, ProgrammingError

from consumers import keeper, loop
from consumers.fetched import ClaimError, Fetched
from consumers.loop import Loop
from consumers.partitions import Held, Partitions
from slatrack.tracking.models import SetAside, Source, Speaker, Trace
from slatrack.tracking.recorder import record
from slatrack.tracking.sources import Advance, Claim, claim
from tests.otlp.build import export, span

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOPIC = "spans"


class Message:
    def __init__(self, offset: int, value: bytes, partition: int = 0, name: str = TOPIC) -> None:
        self._all = name, partition, offset, value

    topic = property(lambda self: lambda: self._all[0])
    partition = property(lambda self: lambda: self._all[1])
    offset = property(lambda self: lambda: self._all[2])
    value = property(lambda self: lambda: self._all[3])

    def timestamp(self):
        return 1, int(NOW.timestamp() * 1000) - 5_000


class Twin:
    """What a loop uses of a subscription, without Kafka."""

    backlog = False

    def __init__(self, *batches: list[Message]) -> None:
        self.encodings = {TOPIC: "auto", "others": "auto"}
        self.batches = list(batches)
        self.partitions = Partitions()
        self.partitions.take(TOPIC, claim(TOPIC, [0, 1], group="g", owner="a", now=NOW))
        self.holds: list[float] = []
        self.paused = False
        self.resumed = 0
        self.lost: list[str] = []
        self.said: list[str] = []

    def fetch(self, *, wait=True):
        messages = self.batches.pop(0) if self.batches else []
        epochs = {place: held.claim.epoch for place, held in self.partitions.held.items()}
        self.said.append(f"fetch {len(messages)}")
        return Fetched(messages, epochs, {}, more=bool(self.batches) and self.backlog)

    def handled(self, fetched):
        self.said.append(f"handled {len(fetched.messages)}")

    def owned(self, fetched):
        held = self.partitions.held
        ours = {p for p, one in held.items() if fetched.epochs.get(p) == one.claim.epoch}
        return [m for m in fetched.messages if (m.topic(), m.partition()) in ours]

    def hold(self, seconds):
        self.holds.append(seconds)
        self.paused = True

    def resume(self):
        self.resumed += 1
        self.paused = False

    def fenced(self, names):
        self.lost += names
        self.partitions.drop(self.partitions.named(names))

    def advances(self, read_to, *, now):
        claims = {place: self.partitions.held[place].claim for place in read_to}
        return [
            Advance(claims[place].name, claims[place].epoch, offset + 1)
            for place, (offset, _) in read_to.items()
        ]

    def stored(self, read_to, *, now):
        self.last = [offset for offset, _ in read_to.values()]

    def look(self, *, now):
        pass

    def untouched(self, *, now):
        return []

    def touched(self, *, now):
        pass


def one(number: int, name: str = "s") -> bytes:
    return export(span(name, trace_id=number.to_bytes(16, "big")))


def a_loop(twin, *, record=record, stop=None):
    return Loop(twin, record=record, clock=lambda: NOW, stop=stop or threading.Event())


def stored(partition: int = 0) -> int | None:
    return Source.objects.get(topic=TOPIC, partition=partition).next_offset


@pytest.mark.django_db
def test_a_batch_moves_spans_and_offsets():
    twin = Twin([Message(4, one(1)), Message(5, b"bad"), Message(9, one(2), partition=1)])

    assert a_loop(twin).run_once() == 3

    assert (stored(0), stored(1), Trace.objects.count()) == (6, 10, 2)
    assert SetAside.objects.get().offset == 5


@pytest.mark.django_db
def test_each_span_is_told_by_the_topic_that_it_came_by():
    other = Message(1, one(2), partition=1, name="others")
    twin = Twin([Message(0, one(1)), Message(1, one(3)), other, Message(2, one(4))])
    twin.partitions.take("others", claim("others", [1], group="g", owner="a", now=NOW))
    origins = []

    def asking(spans, **options):
        origins.extend(options["origins"])
        return record(spans, **options)

    a_loop(twin, record=asking).run_once()

    assert origins == [(0, TOPIC), (2, "others"), (3, TOPIC)]
    assert set(Speaker.objects.values_list("topic", flat=True)) == {TOPIC, "others"}


@pytest.mark.django_db
def test_while_the_database_is_away_the_batch_waits_and_then_goes_in(caplog):
    failures = [OperationalError("database is locked")] * 4
    twin = Twin([Message(0, one(1))])

    def away(*args, **options):
        if failures:
            raise failures.pop()
        return record(*args, **options)

    a_loop(twin, record=away).run_once()

    assert stored() == 1
    assert twin.holds == [0.5, 1.0, 2.0]
    assert twin.resumed == 1
    assert caplog.text.count("the database is away") == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "said", "condition"),
    [
        (OperationalError, "database or disk is full", "full"),
        (OperationalError, "could not extend file: No space left on device", "full"),
        (InternalError, "cannot execute UPDATE in a read-only transaction", "away"),
        (ProgrammingError, 'column "x" does not exist', "not as it must be"),
        (InternalError, "terminating connection due to idle-in-transaction timeout", "away"),
    ],
)
def test_a_database_that_takes_nothing_is_waited_for_and_no_record_is_blamed(
    kind, said, condition, caplog
):
    failures = [kind(said)] * 3
    twin = Twin([Message(0, one(1)), Message(1, one(2))])

    def refusing(*args, **options):
        if failures:
            raise failures.pop()
        return record(*args, **options)

    a_loop(twin, record=refusing).run_once()

    assert (stored(), SetAside.objects.count()) == (2, 0)
    assert f"the database is {condition}" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("error", [ClaimError("away"), KafkaException("out of the group")])
def test_what_goes_wrong_with_kafka_meanwhile_is_no_records_fault(error):
    twin, failures = Twin([Message(0, one(1))]), [OperationalError("gone")] * 2

    def away(*args, **options):
        if failures:
            raise failures.pop()
        return record(*args, **options)

    def hold(seconds):
        raise error

    twin.hold = hold
    with pytest.raises(type(error)):
        a_loop(twin, record=away).run_once()

    assert (stored(), SetAside.objects.count()) == (None, 0)


@pytest.mark.django_db
def test_while_a_transaction_takes_long_polling_goes_on_and_reading_pauses(monkeypatch, caplog):
    monkeypatch.setattr(keeper, "LONG", 0.01)
    monkeypatch.setattr(keeper, "POLL", 0.01)
    stop = threading.Event()
    twin, polled = polling(Twin([Message(0, one(1))]))

    def long(*args, **options):
        assert polled.wait(20), "nobody polls"
        stop.set()

    a_loop(twin, record=long, stop=stop).run()

    assert twin.resumed == 1
    assert caplog.text.count("the database takes longer") == 1


def polling(twin):
    """Return the twin, and an event that is set once it is polled beside the work."""
    polled, hold = threading.Event(), twin.hold

    def held(seconds):
        hold(seconds)
        polled.set()

    twin.hold = held
    return twin, polled


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError("cut off"), ValueError("too odd")])
def test_reading_goes_on_after_a_long_transaction_that_failed_and_a_short_one(error, monkeypatch):
    monkeypatch.setattr(keeper, "LONG", 0.01)
    monkeypatch.setattr(keeper, "POLL", 0.01)
    failures, stop = [error], threading.Event()
    twin, polled = polling(Twin([Message(0, one(1))]))

    def long_once(*args, **options):
        if failures:
            assert polled.wait(20), "nobody polls"
            monkeypatch.setattr(keeper, "LONG", 60.0)
            raise failures.pop()
        stop.set()
        return record(*args, **options)

    a_loop(twin, record=long_once, stop=stop).run()

    assert (stored(), twin.paused) == (1, False)


@pytest.mark.django_db
def test_a_deadlock_is_tried_again_at_once():
    failures = [OperationalError("deadlock detected")]
    twin = Twin([Message(0, one(1))])

    def once(*args, **options):
        if failures:
            raise failures.pop()
        return record(*args, **options)

    a_loop(twin, record=once).run_once()

    assert (stored(), twin.holds) == (1, [])


@pytest.mark.django_db
def test_told_to_stop_while_the_database_is_away_it_stores_nothing_and_ends():
    stop = threading.Event()
    twin = Twin([Message(0, one(1))])

    def away(*args, **options):
        stop.set()
        raise OperationalError("gone")

    a_loop(twin, record=away, stop=stop).run()

    assert stored() is None


@pytest.mark.django_db
def test_a_record_that_cannot_be_recorded_is_set_aside_alone():
    def picky(spans, **options):
        if any(s.name == "poison" for s in spans):
            raise ValueError("no such thing")
        return record(spans, **options)

    messages = [Message(n, one(n + 1, "poison" if n == 3 else "s")) for n in range(6)]
    a_loop(Twin(messages), record=picky).run_once()

    assert (stored(), Trace.objects.count()) == (6, 5)
    aside = SetAside.objects.get()
    assert aside.offset == 3
    assert "ValueError: no such thing" in aside.reason
    assert bytes(aside.data) == messages[3].value()


@pytest.mark.django_db
def test_of_a_backlog_the_next_batch_is_fetched_before_this_one_is_stored_and_none_is_lost():
    twin = Twin([Message(0, one(1)), Message(1, one(2))], [Message(2, one(3))])
    twin.backlog = True
    reader = a_loop(twin)

    assert (reader.run_once(), stored()) == (2, 2)
    assert (reader.run_once(), stored()) == (1, 3)

    # where the log ended when the later batch was fetched counts once that batch is stored
    assert twin.said == ["fetch 2", "fetch 1", "handled 2", "handled 1"]
    assert Trace.objects.count() == 3


@pytest.mark.django_db
def test_a_batch_fetched_ahead_under_an_older_claim_is_dropped():
    twin = Twin([Message(0, one(1))], [Message(1, one(2)), Message(0, one(3), partition=1)])
    twin.backlog = True
    reader = a_loop(twin)
    reader.run_once()
    twin.partitions.take(TOPIC, claim(TOPIC, [0], group="g", owner="a", now=NOW))

    reader.run_once()

    assert (stored(0), stored(1), Trace.objects.count()) == (1, 1, 2)


@pytest.mark.django_db
def test_what_another_consumer_owns_now_is_not_written():
    twin = Twin([Message(0, one(1))])
    claim(TOPIC, [0], group="g", owner="b", now=NOW)

    a_loop(twin).run_once()

    assert (stored(), Trace.objects.count()) == (None, 0)
    assert twin.lost == ["g:spans:0"]


@pytest.mark.django_db
def test_large_records_are_split_into_several_transactions(monkeypatch):
    sizes = []

    def counting(spans, **options):
        sizes.append(len(spans))
        return record(spans, **options)

    monkeypatch.setattr(loop, "MAX_BYTES", 100_000)
    large = export(span("s", {"payload": "x" * 60_000}))
    a_loop(Twin([Message(n, large) for n in range(3)]), record=counting).run_once()

    assert sizes == [1, 1, 1]


def test_the_watermark_rises_by_records_and_by_the_brokers_word_and_never_falls():
    held = Held(Claim("n", 1, 5), read_to=5)
    held.read(5, int(NOW.timestamp() * 1000) - 60_000, now=NOW)
    assert (held.read_to, (NOW - held.watermark_at).total_seconds()) == (6, 60)

    held.told(9, asked_at=NOW, now=NOW)
    assert (held.lag, (NOW - held.watermark_at).total_seconds()) == (3, 60)

    held.end_seen = 9  # what is left are Kafka's own control records
    held.told(9, asked_at=NOW, now=NOW)
    assert (held.lag, held.watermark_at) == (0, NOW)

    held.read(6, int(NOW.timestamp() * 1000) - 90_000, now=NOW)
    assert held.watermark_at == NOW
    assert held.advance() == Advance("n", 1, 7, NOW, 0)


def test_an_end_that_is_reached_later_lifts_the_watermark_to_when_it_was_asked_for():
    held = Held(Claim("n", 1, 5), read_to=5)
    held.told(7, asked_at=NOW, now=NOW)
    held.told(9, asked_at=NOW + timedelta(seconds=1), now=NOW + timedelta(seconds=1))

    held.read(5, 0, now=NOW)
    assert held.watermark_at is None

    held.read(6, 0, now=NOW)
    assert held.watermark_at == NOW


def test_a_record_from_the_future_does_not_take_the_watermark_along():
    held = Held(Claim("n", 1, None))
    held.read(0, int(NOW.timestamp() * 1000) + 10**9, now=NOW)

    assert held.watermark_at == NOW


def test_a_clock_that_was_an_hour_ahead_takes_its_watermark_back():
    held, ahead = Held(Claim("n", 1, 5), read_to=5), NOW + timedelta(hours=1)
    held.told(5, asked_at=ahead, now=ahead)
    assert held.watermark_at == ahead

    held.set_back(NOW)
    assert held.watermark_at == NOW

    held.told(5, asked_at=ahead, now=ahead)
    held.told(5, asked_at=NOW, now=NOW)
    assert held.watermark_at == NOW
    assert not replace(held, stored_at=ahead).stored_between(NOW - timedelta(seconds=1), NOW)
