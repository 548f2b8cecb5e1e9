"""Answers kept for a moment, so that a hundred who look at the same ask the database once."""

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

MOST = 100  # answers kept
T = TypeVar("T")


class Shared:
    """Keeps each answer for so many seconds, per process."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.lock = Lock()
        self.kept: dict[Hashable, tuple[float, Any]] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the answer to `key`, made anew if it is too old; one caller makes it at a time."""
        with self.lock:
            until, value = self.kept.get(key, (0.0, None))
            if time.monotonic() >= until:
                value = make()
                if len(self.kept) > MOST:
                    self.kept.clear()
                self.kept[key] = (time.monotonic() + self.seconds, value)
            return cast("T", value)

    def forget(self) -> None:
        """Ask afresh at the next look."""
        self.kept.clear()
