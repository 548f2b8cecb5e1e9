"""Work that nobody waits for: done one after the other, aside, in a thread that ends with it."""

import logging
from collections import deque
from collections.abc import Callable
from threading import Lock, Thread

from django.db import connections

from slatrack.gently import gently

logger = logging.getLogger(__name__)

Work = Callable[[], object]


class Aside:
    """A queue and at most one thread, which is gone when nothing is left to do."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[Work] = deque()
        self._thread: Thread | None = None

    def __call__(self, work: Work) -> None:
        """Have `work` done soon; what it raises is logged."""
        with self._lock:
            self._waiting.append(work)
            if self._thread is None:
                thread = Thread(target=self._run, name="aside", daemon=True)
                thread.start()  # where there can be none, the next call tries again
                self._thread = thread

    def _run(self) -> None:
        while work := self._next():
            try:
                with gently():
                    work()
            except Exception:
                logger.exception("what was to be done aside was not")
        connections.close_all()  # of this thread

    def _next(self) -> Work | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._thread = None
            return None
