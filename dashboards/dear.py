"""Counts of very many rows are told again for a while: some times as long as it took to count them.

After that they are counted anew aside and gently, while who asks is told what was counted last; so
they take a bounded share of the database, however many there are and however often it is asked.
What is counted of few rows, or at once, is never kept.
"""

import time
from collections.abc import Callable, Hashable
from functools import partial
from threading import Lock
from typing import Any, ClassVar, NamedTuple, TypeVar, cast

from django.db.models import QuerySet

from dashboards.aside import Aside, Work
from slatrack.gently import resting, rests

TIMES = 10.0  # as long as it took to find an answer at once, it is told again
LEAST = 0.1  # seconds that an answer took which is kept
VERY_MANY = 10_000  # rows that were counted for it, at least
LONGER = 30.0  # seconds that it is told once more when somebody asks: it is found anew meanwhile
MOST = 200  # answers kept of one kind

T = TypeVar("T")
_aside = Aside()


class _Kept(NamedTuple):
    value: Any
    until: float


class Dear:
    """Keeps answers of one kind, per process, for all threads; do not change them."""

    _all: ClassVar[list["Dear"]] = []

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        aside: Callable[[Work], None] = _aside,
    ) -> None:
        self.clock, self._aside = clock, aside
        self._lock = Lock()
        self._kept: dict[Hashable, _Kept] = {}
        self._coming: set[Hashable] = set()
        self._all.append(self)

    def ask(self, key: Hashable, find: Callable[[], T], counted: Callable[[T], int]) -> T:
        """Return what was found for `key` a moment ago, or else find it.

        `counted` says of an answer how many rows it speaks of. `find` may be called later, in
        another thread.
        """
        now = self.clock()
        with self._lock:
            kept = self._kept.get(key)
            coming = key in self._coming
            if kept is not None and not coming and now >= kept.until + LONGER:
                kept = None
            anew = kept is not None and not coming and now >= kept.until
            if anew:
                self._coming.add(key)
        if kept is None:
            return self._find(key, find, counted, times=TIMES)
        if anew:
            self._aside(partial(self._find_aside, key, find, counted))
        return cast("T", kept.value)

    def count(self, key: Hashable, rows: "QuerySet[Any]") -> int:
        """Return how many rows there are, or of very many how many there were a moment ago."""
        return self.ask(key, lambda: rows.filter(rests()).count(), int)

    def _find(
        self, key: Hashable, find: Callable[[], T], counted: Callable[[T], int], *, times: float
    ) -> T:
        began = self.clock()
        found, now = find(), self.clock()
        with self._lock:
            if now - began < LEAST or counted(found) < VERY_MANY:
                self._kept.pop(key, None)
            else:
                if len(self._kept) >= MOST:
                    self._kept.clear()
                self._kept[key] = _Kept(found, now + times * (now - began))
        return found

    def _find_aside(
        self, key: Hashable, find: Callable[[], T], counted: Callable[[T], int]
    ) -> None:
        """Find an answer anew; while it is found the database rests, so no longer afterwards."""
        try:
            self._find(key, find, counted, times=1.0 if resting() else TIMES)
        finally:
            with self._lock:
                self._coming.discard(key)


def forget() -> None:
    """Find everything afresh."""
    for one in Dear._all:
        one._kept.clear()
