"""The sinks: they deliver batches to an authority and tell the desk what it acknowledged.

Built like a connector: several tasks share the partitions of one topic, each collects what has come
and delivers it with one call. While a call hangs, only the partitions of its task wait.
"""

import json
import logging
import threading
from dataclasses import dataclass, field

from confluent_kafka import Consumer, Message
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from slatrack.demo import faults
from slatrack.demo.clients import CallFailedError, TracedClient
from slatrack.demo.journal import Journal
from slatrack.demo.lines import Line
from slatrack.demo.messaging import MAX_WAIT, TracedProducer, key_of, links, start_processing
from slatrack.demo.stages import usable

logger = logging.getLogger(__name__)

BATCH = 100
COLLECT = 0.5  # seconds
PAUSE = 1.0  # seconds before a failed delivery is tried again


@dataclass(frozen=True)
class SinkTask:
    """One task of a sink."""

    line: Line
    tracer: Tracer
    journal: Journal
    consumer: Consumer
    producer: TracedProducer
    client: TracedClient
    joined: threading.Event = field(default_factory=threading.Event)

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop."""
        topics = [self.line.topic("routed")]
        self.consumer.subscribe(topics, on_assign=lambda *_: self.joined.set())
        try:
            while not stop.is_set():
                if "stopped_sink" in faults.active():
                    self._rest(stop)
                else:
                    self._deliver_next(stop)
        finally:
            self.consumer.close()

    def _rest(self, stop: threading.Event) -> None:
        """Stay in the group, but take nothing, until the fault is gone."""
        assigned = self.consumer.assignment()
        self.consumer.pause(assigned)
        while "stopped_sink" in faults.active() and not stop.is_set():
            self.consumer.poll(0.2)
        self.consumer.resume(assigned)

    def _deliver_next(self, stop: threading.Event) -> None:
        batch = [m for m in self.consumer.consume(BATCH, timeout=COLLECT) if usable(m)]
        while batch and not stop.is_set():
            if self._put(batch):
                for message in batch:
                    self.consumer.store_offsets(message)
                return
            stop.wait(PAUSE)

    def _put(self, batch: list[Message]) -> bool:
        """Deliver a batch with one call; False if it failed and must be tried again."""
        spans = [self._start(message) for message in batch]
        try:
            receipts = self._call(batch)
            for message, span in zip(batch, spans, strict=True):
                self._acknowledge(message, span, receipts[key_of(message)])
        except (CallFailedError, KeyError) as error:
            logger.info("%s could not deliver: %s", self.line.sink, error)
            for span in spans:
                at = trace.set_span_in_context(span)
                self.journal.error(f"{self.line.authority} did not take it", error, at=at)
                span.record_exception(error)
                span.set_status(Status(StatusCode.ERROR, str(error)))
            return False
        finally:
            for span in spans:
                span.end()
        return True

    def _start(self, message: Message) -> Span:
        fields = json.loads(message.value() or b"{}")
        return start_processing(self.tracer, message, self.line.sink, fields)

    def _call(self, batch: list[Message]) -> dict[str, str]:
        events = [json.loads(message.value() or b"{}") for message in batch]
        with self.tracer.start_as_current_span(
            f"put {self.line.topic('routed')}",
            kind=SpanKind.CONSUMER,
            links=links(batch),
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.name": "put",
                "messaging.operation.type": "process",
                "messaging.destination.name": self.line.topic("routed"),
                "messaging.batch.message_count": len(batch),
            },
        ):
            answer = self.client.call("PUT", self.line.address, {"events": events})
            return {one["key"]: one["receipt"] for one in answer["acknowledged"]}

    def _acknowledge(self, message: Message, span: Span, receipt: str) -> None:
        key = key_of(message)
        told = {self.line.key: key, "receipt": receipt}
        self.journal.info(
            f"{self.line.authority} acknowledged {key} as {receipt}",
            at=trace.set_span_in_context(span),
        )
        with trace.use_span(span):
            sent = self.producer.send(
                self.line.topic("acknowledged"), key, json.dumps(told).encode(), told
            )
        sent.result(MAX_WAIT)
