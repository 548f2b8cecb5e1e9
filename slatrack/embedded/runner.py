"""The one-process runner: everything that slatrack is, in the threads of this process.

The same functions as the production commands run; only where they run differs.
"""

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from channels.routing import get_default_application
from django.conf import settings
from django.core.management import call_command

from consumers import grpc_receiver, kafka
from consumers.intake import LOGS, SPANS
from slatrack.embedded import tasks, web
from slatrack.embedded.claim import claim
from slatrack.embedded.crew import Alarm, Crew, Run
from slatrack.embedded.kafka import EmbeddedKafka
from slatrack.embedded.ports import PortBusyError, take, url
from slatrack.tracking import forecasting, sources, watcher

logger = logging.getLogger(__name__)

STOPPED = "stopped by a signal"
FRONT_STOPS = 12.0  # seconds for what feeds spans to end
SWITCH = 0.0005  # seconds that a thread may compute while others wait to answer (default 5 ms)
LAST_SPANS = 1.0  # seconds for what is on its way to be read
CORE_STOPS = 8.0  # seconds for what reads them


class Runner:
    """Starts all, waits, stops all. May be used once, from the main thread."""

    def __init__(self) -> None:
        self.alarm = Alarm()
        self._core, self._front = Crew(self.alarm), Crew(self.alarm)
        self._claimed = claim(settings.SLATRACK.data_dir)
        self._at: socket.socket = take(
            settings.SLATRACK.host, settings.SLATRACK.http_port, setting="SLATRACK_HTTP_PORT"
        )
        self.grpc_at = _free(settings.SLATRACK.host, settings.SLATRACK.grpc_port)
        self._kafka = self._embedded_kafka()
        self._asked_at: float | None = None  # to stop
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    @property
    def url(self) -> str:
        """The address of the pages."""
        return url(self._at)

    @property
    def brokers(self) -> str:
        """Kafka's bootstrap.servers."""
        return str(settings.SLATRACK.kafka_brokers)

    def prepare(self) -> None:
        """Bring the database up to date and load the pages."""
        logging.getLogger("celery").setLevel(logging.WARNING)  # not a line for each task
        sys.setswitchinterval(SWITCH)
        call_command("migrate", interactive=False, verbosity=0)
        if self._kafka:
            for holds in (SPANS, LOGS):
                sources.forget(kafka.group(holds))  # its logs begin at 0 again
        self._application = get_default_application()  # now: what it shows depends on settings

    def feed(self, name: str, work: Run) -> None:
        """Start what feeds spans: it need not wait for what reads them, and stops before that."""
        self._front.start(name, work)

    def run(self, ready: Callable[[], None]) -> str:
        """Run until a signal or a failure; return "" after a signal, otherwise what failed.

        `ready` is called once all have started.
        """
        if not self.alarm.rings.is_set():  # by a signal, before anything has started
            for name, work in self._components().items():
                self._core.start(name, work)
            ready()
        self.alarm.rings.wait()
        self._stop()
        return "" if self.alarm.reason == STOPPED else self.alarm.reason

    def _embedded_kafka(self) -> EmbeddedKafka | None:
        """Start Kafka if none is named, and name it."""
        if settings.SLATRACK.kafka_brokers:
            return None
        environment = settings.SLATRACK
        embedded = EmbeddedKafka(
            [*kafka.topics(environment.kafka_topics), *kafka.topics(environment.kafka_log_topics)]
        )
        settings.SLATRACK.kafka_brokers = embedded.brokers
        return embedded

    def _components(self) -> dict[str, Run]:
        components: dict[str, Run] = {
            "web server": partial(web.run, self._application, self._at),
            "span consumer": kafka.run,
            "deadline watcher": watcher.run,
            "forecaster": forecasting.run,
            "task worker": tasks.run_worker,
            "task beat": tasks.run_beat,
        }
        if settings.SLATRACK.kafka_log_topics:
            components["log consumer"] = kafka.run_logs
        if self.grpc_at:
            components["OTLP/gRPC receiver"] = grpc_receiver.run
        return components

    def _stop(self) -> None:
        late = self._front.dismiss(within=FRONT_STOPS)
        self._core.stop.wait(LAST_SPANS)
        late += self._core.dismiss(within=CORE_STOPS)
        if late:
            logger.warning("Still busy at the end: %s", ", ".join(late))

    def _on_signal(self, number: int, frame: Any) -> None:
        """Begin to stop; a second signal a while later ends the process at once.

        Only a while later, because some programs send one to the process and to its group.
        """
        now = time.monotonic()
        self._asked_at = self._asked_at or now
        if now > self._asked_at + 1:
            os._exit(128 + number)
        self.alarm.ring(STOPPED)


def _free(host: str, port: int) -> str:
    """Return the address where OTLP/gRPC can be received, "" if something else is there.

    4317 is every collector's port: a second one must not keep the pages from starting.
    """
    try:
        take(host, port, setting="SLATRACK_GRPC_PORT").close()
    except PortBusyError as error:
        logger.warning("OTLP/gRPC is not received. %s", error)
        return ""
    return f"{host}:{port}"
