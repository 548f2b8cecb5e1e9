"""A subscription: the Kafka side of a span consumer. Who owns what is settled in the database.

Kafka's groups share out the partitions; the offset to go on from is the one in the database, which
moved with the spans. Each change of owner is a claim there, which fences whoever had it before.
"""

import logging
import time
from collections.abc import Callable, Iterable
from copy import copy
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from consumers import hearing
from consumers.brokers import Brokers, admin_settings
from consumers.fetched import ClaimError, Fetched
from consumers.gathering import Gathering
from consumers.intake import DATABASE_AWAY, reconnect
from consumers.partitions import Partitions, Place, Reached
from consumers.retention import count_lost
from slatrack.tracking import sources
from slatrack.tracking.sources import Advance

logger = logging.getLogger(__name__)

TOUCH_EVERY = timedelta(milliseconds=150)
CLAIM_PATIENCE = 60  # attempts, a second apart; Kafka allows 5 minutes
QUIET = frozenset({KafkaError._PARTITION_EOF})


class Subscription:
    """One member of the consumer group. One thread's own."""

    def __init__(
        self,
        configuration: dict[str, Any],
        encodings: dict[str, str],
        *,
        owner: str,
        clock: Callable[[], datetime],
        stop: Event,
        batch: tuple[int, float],
    ) -> None:
        self.encodings = encodings
        self.group = str(configuration["group.id"])
        self.partitions = Partitions()
        self.owner, self.clock, self.stop = owner, clock, stop
        self.brokers = Brokers(admin_settings(configuration))
        self._consumer = Consumer(configuration)
        self._gathering = Gathering(self._consumer, records=batch[0], seconds=batch[1])
        self._hearing = hearing.Hearing(self._consumer)
        self.paused = False
        self._unowned: set[Place] = set()  # fenced, but still assigned by Kafka
        self._touched_at: datetime | None = None
        self._complained: set[str] = set()
        self._consumer.subscribe(
            list(encodings),
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_revoke,
        )

    def fetch(self, *, wait: bool = True) -> Fetched:
        """Return the next records of owned partitions; may call on_assign and on_revoke."""
        self._gathering.fill(wait=wait)
        messages = self._gathering.take()
        ends: dict[Place, int] = {}
        good = [message for message in messages if not self._is_event(message, ends)]
        if good or ends:  # not by errors, of which one that has lost its brokers has many
            self._hearing.heard()
        epochs = {place: held.claim.epoch for place, held in self.partitions.held.items()}
        self._reclaim()
        known = self._in_order([m for m in good if (m.topic(), m.partition()) in epochs], ends)
        fetched = Fetched(known, epochs, ends, self._gathering.behind)
        return fetched._replace(messages=self.owned(fetched))

    def _in_order(self, messages: list[Any], ends: dict[Place, int]) -> list[Any]:
        """Return the records that follow those before; where there is a gap, read it once more.

        The client must pass over nothing that is there, whatever befell it.
        """
        kept, again = self.partitions.follow(messages)
        for place in again:
            ends.pop(place, None)  # not all before it has been read
        if again:
            self._place([TopicPartition(*place, at) for place, at in again.items()])
        return kept

    def owned(self, fetched: Fetched) -> list[Any]:
        """Return those of the fetched messages that are still ours, under the same claim.

        A partition that went away and came back is read again from where the database says; what
        was fetched before must not move it past what was never stored.
        """
        held = self.partitions.held
        ours = {p for p, one in held.items() if fetched.epochs.get(p) == one.claim.epoch}
        if len(ours) == len(fetched.epochs):  # nothing went away meanwhile
            return fetched.messages
        return [m for m in fetched.messages if (m.topic(), m.partition()) in ours]

    def handled(self, fetched: Fetched) -> None:
        """Note that the records are stored: nothing was left to read before the ends told then."""
        for place, end in fetched.ends.items():
            held = self.partitions.held.get(place)
            if held is not None and held.claim.epoch == fetched.epochs.get(place):
                held.end_seen = end

    def hold(self, seconds: float) -> None:
        """Stay a member of the group for a while without reading on."""
        if not self.paused:
            self.paused = True
            self._consumer.pause(self._consumer.assignment())
        until = time.monotonic() + seconds
        while not self.stop.is_set() and time.monotonic() < until:
            self._gathering.consume(1, 0.1)

    def resume(self) -> None:
        """Read on after `hold`."""
        if not self.paused:
            return
        self.paused = False
        self._hearing.heard()
        self._consumer.resume(self._consumer.assignment())

    def close(self) -> None:
        """Leave the group."""
        hearing.end(self._consumer)

    def fenced(self, names: tuple[str, ...]) -> None:
        """Drop what others own now; if Kafka still gives it to us, it is claimed anew."""
        places = self.partitions.named(names)
        self.partitions.drop(places)
        self._unowned.update(places)

    def advances(self, read_to: Reached, *, now: datetime) -> list[Advance]:
        """Return how far the sources will be once what reaches so far is stored."""
        moved = []
        for place, (offset, newest_ms) in read_to.items():
            held = copy(self.partitions.held[place])
            held.read(offset, newest_ms, now=now)
            moved.append(held.advance())
        return moved

    def stored(self, read_to: Reached, *, now: datetime) -> None:
        """Note what is committed; tell Kafka too, for whoever watches lag there."""
        offsets = {}
        for place, (offset, newest_ms) in read_to.items():
            if place in self.partitions.held:
                held = self.partitions.held[place]
                held.read(offset, newest_ms, now=now)
                held.stored_at = now
                offsets[place] = TopicPartition(*place, held.read_to)
        try:
            self._consumer.commit(offsets=list(offsets.values()), asynchronous=True)
        except KafkaException as exc:
            logger.debug("Kafka did not take the offsets, which only its tools need: %s", exc)

    def look(self, *, now: datetime) -> None:
        """Find out how far the logs reach, without waiting.

        Raises DeafError where records lie there that the client does not give, or where it has no
        partition and cannot reach Kafka, which others reach.
        """
        ends, asked_at = self.brokers.ends(self.partitions.held, now=now)
        for place, end in ends.items():
            if place in self.partitions.held:
                self.partitions.held[place].told(end, asked_at=asked_at, now=now)
        held, reachable = self.partitions.held, self.brokers.reachable is True
        unread = any(one.lag for one in held.values())
        self._hearing.check(unread=reachable and unread, idle=reachable and not held)

    def untouched(self, *, now: datetime) -> list[Advance]:
        """Return how far the sources are, if it is time to say so again of those without records.

        Others have been said to be further in the transaction of their records.
        """
        if self._touched_at is not None and abs(now - self._touched_at) < TOUCH_EVERY:
            return []
        late = now - TOUCH_EVERY / 2
        due = [h for h in self.partitions.held.values() if not h.stored_between(late, now)]
        for held in due:
            held.set_back(now)
        return [held.advance() for held in due]

    def touched(self, *, now: datetime) -> None:
        """Note that it has been said."""
        self._touched_at = now

    def _on_assign(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        places = [(one.topic, one.partition) for one in assigned]
        self._unowned.update(places)  # until claimed; whatever fails here, `fetch` tries it again
        starts = self._starts(places)
        consumer.incremental_assign(starts)
        self._pause_or_resume(starts, unclaimed=not self._unowned.isdisjoint(places))
        logger.info("reading %s", ", ".join(f"{topic}/{number}" for topic, number in places))

    def _starts(self, places: list[Place]) -> list[TopicPartition]:
        """Return where to read on; where the database cannot tell, any place: nothing is read yet.

        None that Kafka must be asked for, as an end is: when librdkafka hears it after it was told
        the true one, it goes there all the same, and passes over what lies between.
        """
        try:
            return self._claim(places)
        except DATABASE_AWAY as exc:
            logger.warning("the database is away, partitions are claimed when it is back: %s", exc)
            reconnect()
            return [TopicPartition(*place, 0) for place in places]

    def _on_revoke(self, consumer: Consumer, revoked: list[TopicPartition]) -> None:
        places = [(one.topic, one.partition) for one in revoked]
        self.partitions.drop(places)
        self._unowned.difference_update(places)
        self._gathering.drop(places)
        consumer.incremental_unassign(revoked)

    def _claimed(self, places: Iterable[Place]) -> list[TopicPartition]:
        """Claim in the database; wait for it, for without it nobody knows where to go on."""
        for _ in range(CLAIM_PATIENCE):
            try:
                return self._claim(list(places))
            except DATABASE_AWAY as exc:
                logger.warning("the database is away, partitions wait for it: %s", exc)
                reconnect()
                if self.stop.wait(1.0):
                    break
        raise ClaimError("partitions could not be claimed: the database is away")

    def _claim(self, places: list[Place]) -> list[TopicPartition]:
        starts = []
        for topic in sorted({topic for topic, _ in places}):
            numbers = [number for name, number in places if name == topic]
            claims = sources.claim(
                topic, numbers, group=self.group, owner=self.owner, now=self.clock()
            )
            self.partitions.take(topic, claims)
            self._unowned.difference_update((topic, number) for number in claims)
            for number, claim in claims.items():
                at = OFFSET_BEGINNING if claim.next_offset is None else claim.next_offset
                starts.append(TopicPartition(topic, number, at))
        return starts

    def _reclaim(self) -> None:
        assigned = {(one.topic, one.partition) for one in self._consumer.assignment()}
        self._unowned &= assigned  # the rest is claimed if it is assigned again
        if places := sorted(self._unowned):
            self._place(self._claimed(places))

    def _place(self, starts: list[TopicPartition]) -> None:
        """Read assigned partitions from elsewhere. Seeking would fail after an error."""
        self._consumer.incremental_unassign(starts)
        self._consumer.incremental_assign(starts)
        self._pause_or_resume(starts)

    def _pause_or_resume(self, places: list[TopicPartition], *, unclaimed: bool = False) -> None:
        """Say so anew: the client remembers a pause even while others read a partition."""
        client = self._consumer
        (client.pause if self.paused or unclaimed else client.resume)(places)

    def _is_event(self, message: Any, ends: dict[Place, int]) -> bool:
        error = message.error()
        if error is None:
            return False
        place = (message.topic(), message.partition())
        if error.code() == KafkaError._PARTITION_EOF:
            ends[place] = message.offset()
        elif error.code() == KafkaError._AUTO_OFFSET_RESET and place in self.partitions.held:
            self._overtaken(place, message.offset())
        elif error.code() not in QUIET and error.str() not in self._complained:
            self._complained.add(error.str())
            logger.warning("Kafka: %s", error.str())
        return True

    def _overtaken(self, place: Place, at: int) -> None:
        """Go on at the first record there is, and never in silence: some were not read.

        `at` is where the client wanted to read: all before that was handed on, if not yet stored.
        """
        held = self.partitions.held[place]
        try:
            first, _ = self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=10.0)
        except KafkaException:
            first = held.read_to  # the same error comes again, once Kafka is back
        if (lost := first - max(at, held.read_to)) > 0:
            logger.error("%s/%s: %s records lost to Kafka's retention, unread", *place, lost)
            count_lost(lost)
        elif first < held.read_to:
            logger.error("%s/%s: is a new log, shorter than what was read: read again", *place)
        held.read_to = held.expected = first
        held.asked = None
        self._place([TopicPartition(*place, first)])
