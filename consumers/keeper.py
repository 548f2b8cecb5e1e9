"""Keeper: goes on polling Kafka while the loop's own thread is busy in the database for long.

Without a poll a member of a group is taken for dead after `max.poll.interval.ms`, and its
partitions go to others, who would stand before the same database.
"""

import logging
import threading
import time

from django.db import connection

from consumers.subscription import Subscription

logger = logging.getLogger(__name__)

LONG = 5.0  # seconds that a transaction may take before polling goes on beside it
POLL = 0.2  # seconds of a poll


class Keeper:
    """`with keeper:` around work in the database; the subscription is then its own, if it lasts.

    Rebalances that come meanwhile are answered: what is revoked is dropped, and the work under way
    is fenced by the database, as that of any former owner.
    """

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self._since: float | None = None  # by the monotonic clock: when the work began
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._kept = False  # polled since the work began

    def start(self) -> None:
        """Be there from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Be there no longer."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> "Keeper":
        self._kept, self._since = False, time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._since = None

    @property
    def undisturbed(self) -> threading.RLock:
        """Hold this to look at partitions and act on them in one."""
        return self._lock

    def _run(self) -> None:
        while not self._over.wait(POLL):
            with self._lock:
                if self._since is not None and time.monotonic() - self._since > LONG:
                    self._keep()
        connection.close()

    def _keep(self) -> None:
        if not self._kept:
            self._kept = True
            logger.warning("the database takes longer than %s s: reading pauses", LONG)
        try:
            self._subscription.hold(POLL)
        except Exception:  # the loop's own thread meets it again, and starts over
            logger.exception("Kafka could not be polled")
