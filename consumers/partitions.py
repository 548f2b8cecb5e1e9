"""Partitions: what one consumer holds of Kafka, and how far it has read in each."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import OFFSET_BEGINNING

from slatrack.tracking.sources import Advance, Claim

logger = logging.getLogger(__name__)

Place = tuple[str, int]  # topic, partition


@dataclass(slots=True)
class Held:
    """A partition that this consumer owns.

    `read_to` is the offset after the last one stored. The watermark only rises: a record's
    timestamp, or the moment at which the broker said that nothing was left to read. Only where it
    is ahead of the clock it falls: then the clock was wrong, and has been set back since.
    """

    claim: Claim
    read_to: int = 0
    expected: int = OFFSET_BEGINNING  # the offset that should come next
    doubted: int | None = None  # one that did not come, and is asked for once more
    has_gaps: bool = False  # one that was asked for twice is not there
    end_seen: int = 0  # where Kafka said that the log ends, past records that are not for readers
    watermark_at: datetime | None = None
    lag: int | None = None
    stored_at: datetime | None = None  # when records of it were stored last
    asked: tuple[int, datetime] | None = None  # an end that is not reached yet, and when it was one

    def read(self, offset: int, timestamp_ms: int, *, now: datetime) -> None:
        """Note that all up to the record at `offset` is stored, and when the newest was made."""
        self.read_to = offset + 1
        if timestamp_ms > 0:
            self._rise(datetime.fromtimestamp(timestamp_ms / 1000, UTC), now)
        if self.asked is not None and self.read_to >= self.asked[0]:
            self._rise(self.asked[1], now)
            self.asked = None

    def jumps(self, offset: int) -> bool:
        """Whether records before this one did not come, and have not been asked for twice."""
        if self.has_gaps or self.doubted == self.expected:
            return False
        return offset > max(self.expected, 0)

    def told(self, end: int, *, asked_at: datetime, now: datetime) -> None:
        """Note where the log ended when the broker, really reached, was asked."""
        self.lag = max(0, end - max(self.read_to, self.end_seen))
        if self.lag == 0:
            self._rise(asked_at, now)
        elif self.asked is None:
            self.asked = end, asked_at

    def _rise(self, at: datetime, now: datetime) -> None:
        before, at = self.watermark_at, min(at, now)
        self.watermark_at = at if before is None or before > now else max(before, at)

    def set_back(self, now: datetime) -> None:
        """Let no watermark stay ahead of a clock that has been set back."""
        if self.watermark_at is not None:
            self.watermark_at = min(self.watermark_at, now)

    def stored_between(self, first: datetime, last: datetime) -> bool:
        """Whether records of it were stored last after `first`, and not after `last`."""
        return self.stored_at is not None and first < self.stored_at <= last

    def advance(self) -> Advance:
        """Return how far this is, for the transaction that stores what was read."""
        known = self.read_to or None
        return Advance(self.claim.name, self.claim.epoch, known, self.watermark_at, self.lag)


@dataclass(slots=True)
class Partitions:
    """All partitions that this consumer owns."""

    held: dict[Place, Held] = field(default_factory=dict)

    def take(self, topic: str, claims: dict[int, Claim]) -> None:
        """Own these from now on."""
        for partition, claim in claims.items():
            at = claim.next_offset
            self.held[topic, partition] = Held(
                claim, read_to=at or 0, expected=OFFSET_BEGINNING if at is None else at
            )

    def follow(self, messages: Iterable[Any]) -> tuple[list[Any], dict[Place, int]]:
        """Return the records that follow those before them, and what to read once more.

        Logs with transactions, or compacted ones, have gaps. At the first one of a partition what
        comes after it is left out, and the offset told that was expected; where the gap comes again
        it is one, and so are later ones. A log that lost its first records begins with one.
        """
        kept, again = list[Any](), dict[Place, int]()
        for message in messages:
            place, offset = (message.topic(), message.partition()), message.offset()
            held = self.held.get(place)
            if held is None or place in again:
                continue
            if held.jumps(offset):
                again[place] = held.doubted = held.expected
                where = held.expected if held.expected >= 0 else "its beginning"
                logger.warning("%s/%s: read once more from %s: %s came", *place, where, offset)
                continue
            held.has_gaps |= 0 <= held.expected < offset
            held.expected = max(held.expected, offset + 1)  # an older one comes before an error
            kept.append(message)
        return kept, again

    def drop(self, places: list[Place]) -> None:
        """Own these no longer."""
        for place in places:
            self.held.pop(place, None)

    def named(self, names: tuple[str, ...]) -> list[Place]:
        """Return the places whose sources have these names."""
        return [place for place, held in self.held.items() if held.claim.name in names]


Reached = dict[Place, tuple[int, int]]


def reached(messages: Iterable[Any]) -> Reached:
    """Return the last offset of each partition, and the newest time of its records, in ms."""
    found: dict[Place, tuple[int, int]] = {}
    for message in messages:
        place, at = (message.topic(), message.partition()), message.timestamp()[1]
        before = found.get(place)
        found[place] = (message.offset(), at if before is None or at > before[1] else before[1])
    return found
