"""Counts of very many rows are told again for a while: some times as long as it took to count them.

So they take a bounded share of the database, however many there are and however often it is asked.
What is counted of few rows, or at once, is never kept.
"""

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, ClassVar, TypeVar, cast

TIMES = 10.0  # as long as it took to find an answer, it is told again
LEAST = 0.1  # seconds that an answer took which is kept
VERY_MANY = 10_000  # rows that were counted for it, at least
MOST = 200  # answers kept of one kind

T = TypeVar("T")


class Dear:
    """Keeps answers of one kind, per process, for all threads; do not change them."""

    _all: ClassVar[list["Dear"]] = []

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = Lock()
        self._kept: dict[Hashable, tuple[float, Any]] = {}  # until when, what
        self._all.append(self)

    def ask(self, key: Hashable, find: Callable[[], T], counted: Callable[[T], int]) -> T:
        """Return what was found for `key` a moment ago, or else find it.

        `counted` says of an answer how many rows it speaks of.
        """
        began = self.clock()
        with self._lock:
            until, value = self._kept.get(key, (began, None))
        if began < until:
            return cast("T", value)
        found, now = find(), self.clock()
        with self._lock:
            if now - began < LEAST or counted(found) < VERY_MANY:
                self._kept.pop(key, None)
            else:
                if len(self._kept) >= MOST:
                    self._kept.clear()
                self._kept[key] = now + TIMES * (now - began), found
        return found


def forget() -> None:
    """Find everything afresh."""
    for one in Dear._all:
        one._kept.clear()
