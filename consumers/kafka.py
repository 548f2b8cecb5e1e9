"""Spans and log records from Kafka, as the OpenTelemetry Collector's exporter writes them.

Each has a consumer and a group of its own: however many log records wait, spans do not.
"""

import gc
import logging
import os
import socket
import threading
import uuid
from typing import Any

from confluent_kafka import KafkaException
from django.conf import settings
from django.db import connection
from django.utils import timezone

from consumers.fetched import ClaimError
from consumers.hearing import DeafError
from consumers.intake import LOGS, SPANS
from consumers.loop import Loop
from consumers.subscription import Subscription
from slatrack import live
from slatrack.otlp.decoding import ENCODINGS
from slatrack.tracking.recorder import record

logger = logging.getLogger(__name__)

AGAIN_AFTER = 5.0  # seconds until a consumer that failed starts over

# What may be changed by SLATRACK_KAFKA_OPTIONS.
DEFAULTS: dict[str, Any] = {
    "session.timeout.ms": 6_000,  # a dead consumer's partitions are taken over soon
    "heartbeat.interval.ms": 2_000,
    "topic.metadata.refresh.interval.ms": 10_000,
    # A broker answers when there is this much, or after that long: not for each record that comes.
    "fetch.min.bytes": 65_536,
    "fetch.wait.max.ms": 50,
    # Little from each partition at a time: the spans of one event lie on several, and in a backlog
    # they should come together, so that its journey is touched once.
    "fetch.message.max.bytes": 262_144,
    "queued.max.messages.kbytes": 32_768,
    "log_level": 2,  # its own words on a broker that is away come every second
}
# What the guarantees rest on: the database says what was read, nothing else does.
FIXED: dict[str, Any] = {
    "partition.assignment.strategy": "cooperative-sticky",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "enable.partition.eof": True,
}


# Objects more than before, after which rings of garbage are looked for: two batches of 8 MB are
# fewer than a million; what serves pages leaves rings all the time.
ALONE, AMONG_OTHERS = 1_000_000, 100_000


class TopicsInvalid(ValueError):
    """The topics of a setting have an encoding that does not exist, or serve two purposes."""


def run(stop: threading.Event, *, alone: bool = False) -> None:
    """Read spans from Kafka until `stop` is set. Kafka and the database may come and go.

    `alone` in its process, it may have the garbage collector run for it only.
    """
    _collect_garbage_seldom(ALONE if alone else AMONG_OTHERS)
    _run(stop, topics(settings.SLATRACK.kafka_topics), SPANS)


def run_logs(stop: threading.Event) -> None:
    """Read log records from Kafka until `stop` is set; at once over where no topic has any."""
    encodings = topics(settings.SLATRACK.kafka_log_topics, "SLATRACK_KAFKA_LOG_TOPICS")
    if both := encodings.keys() & topics(settings.SLATRACK.kafka_topics).keys():
        raise TopicsInvalid(f"{', '.join(sorted(both))}: a topic of spans and of log records")
    if encodings:
        _collect_garbage_seldom(AMONG_OTHERS)
        _run(stop, encodings, LOGS)


def group(holds: str) -> str:
    """Return the consumer group of the consumers of spans or of log records."""
    name = settings.SLATRACK.kafka_group
    return name if holds == SPANS else f"{name}-{holds}"


def _run(stop: threading.Event, encodings: dict[str, str], holds: str) -> None:
    while not stop.is_set():
        try:
            _read(stop, encodings, holds)
        except (KafkaException, ClaimError, DeafError) as exc:
            logger.error("the consumer of %s starts over in %s s: %s", holds, AGAIN_AFTER, exc)
            stop.wait(AGAIN_AFTER)
    connection.close()


def _collect_garbage_seldom(objects: int) -> None:
    """Spare the collector the walk over every span of a batch: batches are no garbage in rings."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(objects, 20, 20)


def _read(stop: threading.Event, encodings: dict[str, str], holds: str) -> None:
    environment = settings.SLATRACK
    live.get_ready()
    subscription = Subscription(
        configuration(holds),
        encodings,
        owner=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
        clock=timezone.now,
        stop=stop,
        batch=(environment.kafka_batch_records, environment.kafka_batch_seconds),
    )
    try:
        Loop(subscription, record=record, clock=timezone.now, stop=stop, holds=holds).run()
    finally:
        subscription.close()


def configuration(holds: str = SPANS) -> dict[str, Any]:
    """Return librdkafka's settings."""
    environment = settings.SLATRACK
    return {
        "bootstrap.servers": environment.kafka_brokers,
        "group.id": group(holds),
        "client.id": f"slatrack-{socket.gethostname()}",
        **DEFAULTS,
        **environment.kafka_options,
        **FIXED,
    }


def topics(setting: str, name: str = "SLATRACK_KAFKA_TOPICS") -> dict[str, str]:
    """Return topics and their encodings from "a, b:otlp_json"; without one it is found out."""
    found = {}
    for entry in filter(None, (one.strip() for one in setting.split(","))):
        topic, _, encoding = entry.partition(":")
        if (encoding or "auto") not in ENCODINGS:
            raise TopicsInvalid(
                f"{name}: {entry!r} has no known encoding; use one of {', '.join(ENCODINGS)}"
            )
        found[topic.strip()] = encoding or "auto"
    return found
