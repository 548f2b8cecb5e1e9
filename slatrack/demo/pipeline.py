"""The pipeline: the demo's services put together, started and stopped in the right order."""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Sequence
from functools import partial

from confluent_kafka import Consumer
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.trace import TracerProvider

from slatrack.demo import journal, mailbox, topics, tracing
from slatrack.demo.authorities import Holds, authority
from slatrack.demo.clients import TracedClient
from slatrack.demo.collector import Collector
from slatrack.demo.doors import HOST, Doors
from slatrack.demo.gateway import gateway
from slatrack.demo.journal import Journal
from slatrack.demo.lines import LINES
from slatrack.demo.load import RATES, Customers, Rate
from slatrack.demo.messaging import TracedProducer
from slatrack.demo.sinks import SinkTask
from slatrack.demo.stages import Stage, Work, subscriber
from slatrack.demo.web import App, traced
from slatrack.demo.webhooks import receiver
from slatrack.demo.work import Counterparties, route, validate
from slatrack.embedded.crew import Alarm, Crew
from slatrack.embedded.ports import take, url
from slatrack.embedded.servers import Site, serve

logger = logging.getLogger(__name__)

JOIN = 20.0  # seconds for all consumers to get their partitions
LOOK = 0.1  # seconds between looks whether they have
DRAIN = 2.0  # seconds for what is under way to arrive, at the end
DELIVERY = 60.0  # seconds a sink waits for an authority


class Pipeline:
    """All services of the demo, in the threads of this process."""

    def __init__(
        self,
        brokers: str,
        doors: Doors,
        alarm: Alarm,
        *,
        rates: Sequence[Rate] = RATES,
        holds: Holds | None = None,
    ) -> None:
        self._brokers = brokers
        self._doors = doors
        self._rates = rates
        self._holds = holds or Holds()
        self._alarm = alarm
        self._telemetry, self._services, self._load = Crew(alarm), Crew(alarm), Crew(alarm)
        self._providers: dict[str, TracerProvider] = {}
        self._journals: dict[str, LoggerProvider] = {}
        self._producers: list[TracedProducer] = []
        self._joined: list[threading.Event] = []
        self._collector_at = take(HOST, 0, setting="")

    def start(self) -> None:
        """Start from the back to the front: who receives is there before who sends.

        Only the first customers need not wait until all consumers have their partitions: something
        shall be seen at once, and their events have the time.
        """
        topics.ensure(self._brokers)
        self._start_telemetry()
        self._start_doors()
        self._start_stages()
        self._start_load(self._rates[:1])
        self._await_partitions()
        self._start_load(self._rates[1:])

    def stop(self) -> None:
        """Stop from the front to the back; what is under way gets a moment to arrive."""
        self._load.dismiss(within=2)
        self._holds.released.set()
        self._services.stop.wait(DRAIN)
        late = self._services.dismiss(within=5)
        for producer in self._producers:
            producer.close()
        for provider in self._providers.values():
            provider.shutdown()
        for journals in self._journals.values():
            journals.shutdown()
        late += self._telemetry.dismiss(within=3)
        if late:
            logger.warning("Still busy at the end: %s", ", ".join(late))

    def _start_telemetry(self) -> None:
        collector = Collector(self._brokers)
        sites = [Site(collector.app, self._collector_at)]
        self._telemetry.start("collector", collector.run)
        self._telemetry.start("collector door", partial(serve, sites))

    def _start_doors(self) -> None:
        apps = {name: authority(name, self._holds) for name in {n.authority for n in LINES}}
        self._at = {name: take(HOST, 0, setting="") for name in apps}
        sites = [Site(self._traced(name, app), self._at[name]) for name, app in apps.items()]
        front = gateway(self._producer("gateway", "gateway"))
        sites.append(Site(self._traced("gateway", front), self._doors.gateway))
        sites.append(Site(receiver(), self._doors.webhook))
        self._services.start("doors", partial(serve, sites, beside=self._mailbox))

    async def _mailbox(self, ended: asyncio.Event) -> None:
        server = await asyncio.start_server(
            mailbox.converse, sock=self._doors.smtp, limit=mailbox.MAX_LINE
        )
        async with server:
            await ended.wait()

    def _start_stages(self) -> None:
        memory = Counterparties(self._tracing("enricher").get_tracer("enricher"))
        self._stage("validator", "accepted", "validated", validate)
        self._stage("enricher", "validated", "enriched", memory.enrich)
        self._stage("router", "enriched", "routed", route)
        for line in LINES:
            for number in range(line.tasks):
                name = f"{line.sink}-{number}"
                tracer = self._tracing(line.sink).get_tracer("demo.sinks")
                task = SinkTask(
                    line,
                    tracer,
                    self._journal(line.sink),
                    self._consumer(line.sink, name),
                    self._producer(line.sink, name),
                    TracedClient(url(self._at[line.authority]), tracer, timeout=DELIVERY),
                )
                self._joined.append(task.joined)
                self._services.start(name, task.run)

    def _stage(self, service: str, reads: str, writes: str, work: Work) -> None:
        stage = Stage(
            service,
            reads,
            writes,
            work,
            self._tracing(service).get_tracer("demo.stages"),
            self._journal(service),
            self._consumer(service, service),
            self._producer(service, service),
        )
        self._joined.append(stage.joined)
        self._services.start(service, stage.run)

    def _await_partitions(self) -> None:
        until = time.monotonic() + JOIN
        while not all(joined.is_set() for joined in self._joined):
            if self._alarm.rings.wait(LOOK):
                return  # it is over before it began
            if time.monotonic() > until:
                logger.warning("Not all services have joined their consumer group yet")
                return

    def _start_load(self, rates: Sequence[Rate]) -> None:
        tracer = self._tracing("order-desk").get_tracer("demo.load")
        for rate in rates:
            client = TracedClient(url(self._doors.gateway), tracer)
            customers = Customers(rate, client, random.Random())  # noqa: S311  # no secrets here
            self._load.start(f"customers of {rate.line.flow}", customers.run)

    def _tracing(self, service: str) -> TracerProvider:
        if service not in self._providers:
            self._providers[service] = tracing.provider(service, url(self._collector_at))
        return self._providers[service]

    def _journal(self, service: str) -> Journal:
        if service not in self._journals:
            self._journals[service] = journal.provider(service, url(self._collector_at))
        return Journal(self._journals[service].get_logger(f"demo.{service}"))

    def _traced(self, service: str, app: App) -> App:
        return traced(app, self._tracing(service))

    def _producer(self, service: str, client_id: str) -> TracedProducer:
        tracer = self._tracing(service).get_tracer("demo.messaging")
        self._producers.append(TracedProducer(self._brokers, tracer, f"{client_id}-producer"))
        return self._producers[-1]

    def _consumer(self, group: str, client_id: str) -> Consumer:
        return subscriber(self._brokers, group, f"{client_id}-consumer")
