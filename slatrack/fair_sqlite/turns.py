"""Turns: a lock that goes to whoever has waited longest."""

from collections import deque
from threading import Event, Lock, current_thread
from time import monotonic


class Turns:
    """Unlike `threading.Lock`, which mostly stays with a thread that takes it again at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken = False
        self._waiting: deque[Event] = deque()
        self._holder, self._since = "", 0.0

    def take(self, within: float) -> bool:
        """Wait for one's turn at most so many seconds; whether it came. Then `give` it back."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return self._begun()
            mine = Event()
            self._waiting.append(mine)
        if mine.wait(within):
            return self._begun()
        with self._lock:
            if mine.is_set():  # it came between the wait and the lock
                return self._begun()
            self._waiting.remove(mine)
            return False

    def _begun(self) -> bool:
        self._holder, self._since = current_thread().name, monotonic()
        return True

    def whose(self) -> str:
        """Say whose turn it is, since when, and how many wait for theirs; for people."""
        took, waiting = monotonic() - self._since, len(self._waiting)
        return f"“{self._holder}” has been writing for {took:.1f} s, {waiting} more wait"

    def give(self) -> None:
        """End one's turn; it goes to whoever has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
