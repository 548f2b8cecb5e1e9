"""Gathering: records on their way from librdkafka to a batch, bounded in bytes whatever their size.

A few for little delay where there is little; whole batches of FULL bytes where there is much. In
between a batch is gathered for longer than the one before took to be recorded: what a transaction
costs besides its spans is shared by more of them, before it fills a processor.
"""

import time
from collections.abc import Callable, Collection
from typing import Any

from confluent_kafka import Consumer

from consumers.partitions import Place

GATHER = 0.01  # seconds at least given to records that come along with the first one
LONGER = 4.0  # times as long as it took to handle the last batch
LONGEST = 0.1  # seconds at most: people wait for the first one
FULL = 8_000_000  # bytes of records after which a fetch waits for no more
LOOK = 0.1  # seconds after which the ends of the logs are looked at, records or not
SMALL = 4_096  # bytes: a record is taken to be that large at least


class Gathering:
    """What was consumed and not handed on yet: at most about FULL bytes, or one record."""

    def __init__(
        self,
        consumer: Consumer,
        *,
        records: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._consumer, self._records, self._seconds = consumer, records, seconds
        self._clock, self._handed_on = clock, clock()
        self._backlog: list[Any] = []
        self._largest = float(SMALL)
        self.behind = False  # as many were there as were asked for

    def fill(self, *, wait: bool) -> None:
        """Take what there is, or wait: for whole batches if there is much, else for the first."""
        most, took = self._most(), self._clock() - self._handed_on
        if not wait:
            came = self.consume(most, 0.0)
        elif self.behind:
            came = self.consume(most, self._seconds)
        elif came := self.consume(1, min(self._seconds, LOOK)):
            gather = min(max(GATHER, LONGER * took), LONGEST, self._seconds)
            came += self.consume(most - 1, gather)
        self.behind = came >= most
        if self.behind:
            self._fill_up()

    def _fill_up(self) -> None:
        """Take more of what is there already: records hold from one span to thousands."""
        size = sum(map(len, self._backlog))
        while size < FULL and (came := self.consume(self._most(FULL - size), 0.0)):
            size += sum(map(len, self._backlog[-came:]))

    def _most(self, room: int = FULL) -> int:
        """Return how many records fit into `room`, were all as large as the largest of late."""
        return max(1, min(self._records, round(room / self._largest)))

    def consume(self, records: int, seconds: float) -> int:
        """Take up to so many records; this is what keeps the group's membership."""
        if records < 1:
            return 0
        fresh = self._consumer.consume(records, timeout=seconds)  # may call on_revoke, so first
        self._backlog += fresh
        if fresh:
            self._largest = max(SMALL, 0.9 * self._largest, *map(len, fresh))
        return len(fresh)

    def take(self) -> list[Any]:
        """Hand on all that was gathered."""
        messages, self._backlog = self._backlog, []
        self._handed_on = self._clock()
        return messages

    def drop(self, places: Collection[Place]) -> None:
        """Forget what was gathered of these partitions."""
        self._backlog = [m for m in self._backlog if (m.topic(), m.partition()) not in places]
