"""Turns: a lock that goes to whoever has waited longest."""

from collections import deque
from threading import Event, Lock


class Turns:
    """Unlike `threading.Lock`, which mostly stays with a thread that takes it again at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken = False
        self._waiting: deque[Event] = deque()

    def take(self, within: float) -> bool:
        """Wait for one's turn at most so many seconds; whether it came. Then `give` it back."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            mine = Event()
            self._waiting.append(mine)
        if mine.wait(within):
            return True
        with self._lock:
            if mine.is_set():  # it came between the wait and the lock
                return True
            self._waiting.remove(mine)
            return False

    def give(self) -> None:
        """End one's turn; it goes to whoever has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
