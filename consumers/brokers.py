"""Brokers: whether Kafka can be reached, and where its logs end, without waiting for the answer."""

import logging
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from consumers.partitions import Place

logger = logging.getLogger(__name__)

ASK_EVERY = timedelta(milliseconds=100)
ASK_EVERY_EACH = timedelta(milliseconds=2)  # and for each partition: asking costs by their number
PATIENCE = 5.0  # seconds for an answer
KNOCKING = 2.0  # seconds that the loop may stand still while it owns nothing
GIVE_UP_AFTER = timedelta(seconds=15)  # on an answer that should have been an error long ago
ANEW_AFTER = timedelta(seconds=30)  # without an answer: the client may have forgotten all brokers
LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]


class Brokers:
    """Asks for the ends of logs, over a connection of its own. Says once when Kafka goes or comes.

    Only a fresh answer counts: what librdkafka remembers of a broker that is gone would let the
    watermark run ahead of what was read. Who gets none for long asks anew with another client, for
    one may lose its brokers for good (consumers.hearing).
    """

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._configuration = configuration
        self._admin = AdminClient(configuration)
        self._asked_at: datetime | None = None
        self._away_since: datetime | None = None
        self._answers: dict[TopicPartition, Future[Any]] = {}
        self.reachable: bool | None = None

    def ends(self, places: Iterable[Place], *, now: datetime) -> tuple[dict[Place, int], datetime]:
        """Return the ends that have been told, and when they were asked for; then ask again."""
        asked_at = self._asked_at or now
        waiting = any(not answer.done() for answer in self._answers.values())
        if waiting and abs(now - asked_at) < GIVE_UP_AFTER:  # abs: a clock may be set back
            return {}, asked_at
        told, self._answers = self._told(), {}
        self._persist(now)
        wanted = list(places)
        pause = max(ASK_EVERY, len(wanted) * ASK_EVERY_EACH)
        if self._asked_at is None or abs(now - self._asked_at) >= pause:
            self._asked_at = now
            self._answers = self._ask(wanted)
        return told, asked_at

    def _persist(self, now: datetime) -> None:
        """Use another client where this one has not reached Kafka for long."""
        if self.reachable is not False:
            self._away_since = None
            return
        since = self._away_since = self._away_since or now
        if abs(now - since) >= ANEW_AFTER:
            self._away_since = now
            gone, self._admin = [self._admin], AdminClient(self._configuration)
            # None that was lost took long to end; one that does must not hold up the loop.
            threading.Thread(target=gone.clear, name="forgotten brokers", daemon=True).start()

    def _ask(self, places: list[Place]) -> dict[TopicPartition, Future[Any]]:
        if not places:
            self._knock()
            return {}
        wanted = {TopicPartition(*place): LATEST for place in places}
        return self._admin.list_offsets(wanted, request_timeout=PATIENCE)

    def _knock(self) -> None:
        """Find out whether there is anybody, while no partition is ours to ask about."""
        try:
            self._admin.list_topics(timeout=KNOCKING)
            self._is(reachable=True)
        except KafkaException as exc:
            self._is(reachable=False, why=exc.args[0].str())

    def _told(self) -> dict[Place, int]:
        told = {}
        for asked, answer in self._answers.items():
            if not answer.done():
                continue
            try:
                found = answer.result()
                self._is(reachable=True)
            except KafkaException as exc:
                self._is(reachable=False, why=exc.args[0].str())
                continue
            told[asked.topic, asked.partition] = found.offset
        return told

    def _is(self, *, reachable: bool, why: str = "") -> None:
        if self.reachable is not reachable:
            if not reachable:
                logger.error("Kafka cannot be reached (%s); trying until it can", why)
            elif self.reachable is False:
                logger.info("Kafka can be reached again")
            self.reachable = reachable


def admin_settings(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return what of a consumer's settings is about reaching Kafka."""
    own = ("group.", "enable.", "auto.", "partition.", "session.", "heartbeat.", "max.poll.",
           "fetch.", "queued.", "on_commit")  # fmt: skip
    return {name: value for name, value in configuration.items() if not name.startswith(own)}
