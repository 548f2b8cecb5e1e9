"""The stages between the topics: each reads an event, works on it, sends it on.

A message counts as read once its successor is with the broker, so a crash repeats it and loses
nothing. Work that fails is tried again; what fails every time goes to the dead letters.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from confluent_kafka import Consumer, Message
from opentelemetry.trace import Tracer

from slatrack.demo import faults
from slatrack.demo.journal import Journal
from slatrack.demo.lines import LINES, Line, line_of
from slatrack.demo.messaging import MAX_WAIT, TracedProducer, key_of, processing
from slatrack.demo.orders import BadOrderError, Order, check

logger = logging.getLogger(__name__)

ATTEMPTS = 3
PAUSE = 0.4  # seconds between attempts

Work = Callable[[Line, Order, int], Order]  # the line, the event, which attempt it is


class WorkFailedError(Exception):
    """A stage could not do its work on an event; another attempt may succeed."""


@dataclass(frozen=True)
class Stage:
    """One service: reads the events that `reads` left, and leaves them as `writes`."""

    service: str
    reads: str
    writes: str
    work: Work
    tracer: Tracer
    journal: Journal
    consumer: Consumer
    producer: TracedProducer
    joined: threading.Event = field(default_factory=threading.Event)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop."""
        topics = [line.topic(self.reads) for line in LINES]
        self.consumer.subscribe(topics, on_assign=lambda *_: self.joined.set())
        try:
            while not stop.is_set():
                message = self.consumer.poll(0.2)
                if message is not None and usable(message):
                    self._handle(message)
                    self.consumer.store_offsets(message)
        finally:
            self.consumer.close()

    def _handle(self, message: Message) -> None:
        line = line_of(message.topic() or "")
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._attempt(line, message, attempt)
                return
            except (WorkFailedError, BadOrderError) as error:
                logger.info("%s, attempt %d: %s", self.service, attempt, error)
                time.sleep(PAUSE)
        self._bury(line, message)

    def _attempt(self, line: Line, message: Message, attempt: int) -> None:
        known = {line.key: key_of(message)}
        with processing(self.tracer, message, self.service, known) as span:
            order = self._worked(line, message, attempt)
            span.set_attributes(order)
            self._send(line.topic(self.writes), key_of(message), order)

    def _worked(self, line: Line, message: Message, attempt: int) -> Order:
        """Do the work, and write down how it went."""
        key = key_of(message)
        try:
            order = self.work(line, check(line, json.loads(message.value() or b"null")), attempt)
        except (WorkFailedError, BadOrderError) as error:
            self.journal.error(f"{key} failed, attempt {attempt} of {ATTEMPTS}", error)
            raise
        self.journal.info(f"{key} {self.writes}", demo_attempt=attempt)
        return order

    def _send(self, topic: str, key: str, order: Order) -> None:
        lost = self.service == "enricher" and "lost_context" in faults.active()
        sent = self.producer.send(
            topic, key, json.dumps(order).encode(), order, propagated=not lost
        )
        sent.result(MAX_WAIT)

    def _bury(self, line: Line, message: Message) -> None:
        logger.warning("%s gave up on %s", self.service, key_of(message))
        key = key_of(message)
        topic = line.topic("dead-letters")
        self.producer.send(topic, key, message.value() or b"", {line.key: key}).result(MAX_WAIT)


def usable(message: Message) -> bool:
    """Whether this is a message at all, not news about the connection."""
    error = message.error()
    if error is not None:
        logger.info("Kafka: %s", error)
    return error is None


def subscriber(brokers: str, group: str, client_id: str) -> Consumer:
    """Return a consumer whose messages count as read only when its owner says so."""
    return Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": group,
            "client.id": client_id,
            "auto.offset.reset": "earliest",
            "enable.auto.offset.store": False,
            "auto.commit.interval.ms": 1000,
            "session.timeout.ms": 6000,
            "log_level": 2,
        }
    )
