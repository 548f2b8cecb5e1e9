"""A crew: threads that work until they are told to stop, and raise an alarm when one fails."""

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

Run = Callable[[threading.Event], None]  # works until the event is set, then returns soon


class Alarm:
    """Rings once the first worker of any crew fails, and knows which one and why."""

    def __init__(self) -> None:
        self.rings = threading.Event()
        self.reason = ""

    def ring(self, reason: str) -> None:
        """Ring; the first reason is the one that is kept."""
        self.reason = self.reason or reason
        self.rings.set()


class Crew:
    """Workers with one stop signal in common."""

    def __init__(self, alarm: Alarm) -> None:
        self.stop = threading.Event()
        self._alarm = alarm
        self._threads: list[threading.Thread] = []

    def start(self, name: str, run: Run) -> None:
        """Let `run` work in a thread of its own."""
        thread = threading.Thread(target=self._work, args=(name, run), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def dismiss(self, *, within: float) -> list[str]:
        """Tell all to stop and wait; return the names of those that did not within so many s."""
        self.stop.set()
        until = time.monotonic() + within
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]

    def _work(self, name: str, run: Run) -> None:
        try:
            run(self.stop)
        except (Exception, SystemExit) as error:  # servers and workers like to exit
            if self.stop.is_set():
                logger.info("%s failed while it stopped: %s", name, error)
                return
            logger.exception("%s failed", name)
            self._alarm.ring(f"{name} failed: {error!r}")
            return
        if not self.stop.is_set():
            self._alarm.ring(f"{name} ended, although nobody told it to")
