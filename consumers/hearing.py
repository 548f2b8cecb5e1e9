"""Hearing: whether this member of the group still gets what Kafka has for it.

librdkafka may lose all brokers for good once an answer named none
(https://github.com/confluentinc/librdkafka/issues/5301), and then reads nothing and says nothing;
soon it has no partition either. Only a client made anew helps then.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaException

logger = logging.getLogger(__name__)

SILENCE = 30.0  # seconds without a record, though there are some, after which Kafka is asked
PATIENCE = 5.0  # seconds for its answer
TRIES = 10  # times that it answers and gives nothing all the same: an open transaction may last
END = 10.0  # seconds for a client to end


class DeafError(Exception):
    """The client gives nothing of what Kafka has."""


class Hearing:
    """Of one client; called by the loop's thread."""

    def __init__(self, consumer: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._consumer, self._clock = consumer, clock
        self._since, self._tries = clock(), 0

    def heard(self) -> None:
        """Note that records came, or that none are wanted."""
        self._since, self._tries = self._clock(), 0

    def check(self, *, unread: bool, idle: bool = False) -> None:
        """Raise DeafError where nothing came for long though there is something unread.

        Or where it is `idle`, owning nothing, and cannot reach Kafka: a member that is one too many
        can, one that the group dropped because nothing was heard of it cannot.
        """
        if not (unread or idle):
            self.heard()
        elif self._clock() - self._since >= SILENCE:
            self._ask()
            self._since, self._tries = self._clock(), self._tries + unread

    def _ask(self) -> None:
        if self._tries >= TRIES:
            raise DeafError("Kafka has records, and its client gives none of them")
        try:
            self._consumer.list_topics(timeout=PATIENCE)
        except KafkaException as exc:
            why = exc.args[0].str()
            raise DeafError(
                f"Kafka can be reached, but not by the client that reads: {why}"
            ) from exc


def end(consumer: Any) -> None:
    """Leave the group. A client that is deaf may never end: it is left behind then."""
    ending = threading.Thread(target=consumer.close, name="leaving", daemon=True)
    ending.start()
    ending.join(END)
    if ending.is_alive():
        logger.error("Kafka's client did not end within %s s and is left behind", END)
