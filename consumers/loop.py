"""The loop of a span consumer: fetch, decode, record; the offsets move with what they brought.

A batch is recorded in one transaction with its offsets, so a crash repeats a batch or does not, and
nothing changes by it. While there is a backlog the next batch is decoded as the database works on
this one. While the database is away, or takes long, the batch is kept, partitions are paused, and
Kafka is still polled, so that no partition is taken away for silence.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any, Protocol

from confluent_kafka import KafkaException

from consumers.fetched import ClaimError, Fetched
from consumers.gathering import FULL
from consumers.intake import (
    DATABASE_AWAY,
    SPANS,
    Batch,
    Received,
    Record,
    condition,
    failure,
    reconnect,
    wanted,
)
from consumers.keeper import Keeper
from consumers.partitions import Reached, reached
from consumers.subscription import Subscription
from slatrack.otlp.decoding import Decoder, Wanted
from slatrack.tracking import sources

logger = logging.getLogger(__name__)

MAX_BYTES = FULL + 1_000_000  # of the records of one transaction; large ones are split up
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds between attempts while the database is away


class Stopped(Exception):
    """Told to stop in the middle of a batch: nothing of it is stored, it will be read again."""


class Message(Protocol):
    """A Kafka record, as far as it is used."""

    def topic(self) -> str | None: ...
    def partition(self) -> int | None: ...
    def offset(self) -> int | None: ...
    def value(self) -> bytes | None: ...
    def timestamp(self) -> tuple[int, int]: ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of one transaction, and what they hold, which is being decoded."""

    fetched: Fetched
    batch: Future[Batch]


class Loop:
    """Moves records from a subscription to the recorder. One thread's own.

    Decoding has a thread beside it, which touches nothing but the records' bytes.
    """

    def __init__(
        self,
        subscription: Subscription,
        *,
        record: Record,
        clock: Callable[[], datetime],
        stop: Event,
        holds: str = SPANS,
    ) -> None:
        self.subscription = subscription
        self.record = record
        self.clock = clock
        self.stop = stop
        self.holds = holds
        self._decoder = ThreadPoolExecutor(1, thread_name_prefix="decoder")
        self._keeper = Keeper(subscription)
        self._ahead: list[Chunk] = []

    def run(self) -> None:
        """Work until told to stop."""
        self._keeper.start()
        try:
            with suppress(Stopped):
                while not self.stop.is_set():
                    self.run_once()
        finally:
            self._keeper.stop()
            self._decoder.shutdown(cancel_futures=True)

    def run_once(self) -> int:
        """Handle one batch, or say that there was none; return how many records it held."""
        chunks = self._ahead or self._begun(self.subscription.fetch())
        self._ahead = []
        if chunks and chunks[-1].fetched.more:
            self._ahead = self._begun(self.subscription.fetch(wait=False))
        for chunk in chunks:
            self._handle(chunk)
            self.subscription.handled(chunk.fetched)
        self.subscription.look(now=self.clock())
        self._patiently(self._touch)
        return sum(len(chunk.fetched.messages) for chunk in chunks)

    def _begun(self, fetched: Fetched) -> list[Chunk]:
        """Split by size, for records hold from one span to thousands, and begin to decode."""
        chunks: list[list[Any]] = [[]]
        size = 0
        for message in fetched.messages:
            length = len(message.value() or b"")
            if chunks[-1] and size + length > MAX_BYTES:
                chunks.append([])
                size = 0
            chunks[-1].append(message)
            size += length
        now, names = self.clock(), self._wanted() if fetched.messages else Wanted()
        last = chunks[-1]
        return [
            Chunk(
                fetched._replace(messages=messages, ends=fetched.ends if messages is last else {}),
                self._decoder.submit(self._decoded, messages, names, now),
            )
            for messages in chunks
        ]

    def _wanted(self) -> Wanted:
        found: list[Wanted] = []
        self._patiently(lambda: found.append(wanted()))
        return found[-1]

    def _decoded(self, messages: Sequence[Any], names: Wanted, now: datetime) -> Batch:
        batch, decoder = Batch(), Decoder(names, now)
        for message in messages:
            batch.add(self._received(message), decoder)
        return batch

    def _handle(self, chunk: Chunk) -> None:
        try:
            self._patiently(lambda: self._record(chunk))
        except (Stopped, ClaimError, KafkaException):  # no record is to blame
            raise
        except Exception as exc:
            messages = chunk.fetched.messages
            if len(messages) == 1:
                logger.exception("a record could not be recorded; it is set aside")
                reason = failure(exc)
                self._patiently(lambda: self._set_aside(chunk, reason))
                return
            half = len(messages) // 2  # find the record that cannot be, in order
            for some in (messages[:half], messages[half:]):
                for one in self._begun(chunk.fetched._replace(messages=some)):
                    self._handle(one)

    def _patiently(self, work: Callable[[], None]) -> None:
        """Do `work`, again and again while the database is away.

        The first failure may be a deadlock or a connection that was cut: it is tried again at once.
        So is work that was fenced, on what is still ours: it was undone as a whole.
        """
        pause = 0.0
        while True:
            try:
                with self._keeper:
                    work()
                break
            except sources.Fenced as exc:
                logger.warning("%s: what was read from it is dropped", exc)
                self.subscription.fenced(exc.names)
            except DATABASE_AWAY as exc:
                reconnect()
                self._wait(pause, exc)
                pause = min(2 * pause, LONGEST_PAUSE) or FIRST_PAUSE
        if self.subscription.paused:  # now, or by work that failed before this
            logger.info("the database is back")
            self.subscription.resume()

    def _wait(self, pause: float, exc: Exception) -> None:
        if self.stop.is_set():
            raise Stopped
        if pause == FIRST_PAUSE:
            logger.error("the database is %s, reading pauses: %s", condition(exc), exc)
        if pause:
            self.subscription.hold(pause)

    def _record(self, chunk: Chunk) -> None:
        batch, now = chunk.batch.result(), self.clock()
        messages, read_to, advances = self._ours(chunk, now)
        if len(messages) < len(chunk.fetched.messages):
            batch = self._decoded(messages, wanted(), now)
        if messages:
            self._commit(read_to, batch, advances, now=now)

    def _set_aside(self, chunk: Chunk, reason: str) -> None:
        now = self.clock()
        messages, read_to, advances = self._ours(chunk, now)
        asides = [self._received(message).aside(reason) for message in messages]
        self._commit(read_to, Batch(asides=asides), advances, now=now)

    def _ours(
        self, chunk: Chunk, now: datetime
    ) -> tuple[list[Any], Reached, list[sources.Advance]]:
        """Return the records that are still ours, how far they reach, and what that moves."""
        with self._keeper.undisturbed:
            messages = self.subscription.owned(chunk.fetched)
            read_to = reached(messages)
            return messages, read_to, self.subscription.advances(read_to, now=now)

    def _commit(
        self, read_to: Reached, batch: Batch, advances: list[sources.Advance], *, now: datetime
    ) -> None:
        self.record(
            batch.spans,
            now=now,
            offsets=advances,
            set_aside=batch.asides,
            logs=batch.logs,
            origins=batch.origins,
        )
        with self._keeper.undisturbed:
            self.subscription.stored(read_to, now=now)

    def _received(self, message: Message) -> Received:
        topic = str(message.topic())
        encoding = self.subscription.encodings.get(topic, "auto")
        value, partition, offset = message.value() or b"", message.partition(), message.offset()
        fields = ("kafka", value, encoding, topic, partition, offset, self.holds)
        return tuple.__new__(Received, fields)  # quicker than by the names of its fields

    def _touch(self) -> None:
        now = self.clock()
        due = self.subscription.untouched(now=now)
        if due:
            sources.touch(due, now=now)
            self.subscription.touched(now=now)
