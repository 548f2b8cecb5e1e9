"""A small OpenTelemetry Collector: OTLP over HTTP in, Kafka records of `otlp_proto` out.

Spans and log records each have a topic. Requests are merged for a moment, as the Collector's batch
processor does: one record is one serialised TracesData, or LogsData, of many services.
"""

import logging
import threading
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, Message, Producer
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from slatrack.demo.topics import LOGS, SPANS
from slatrack.demo.web import Answer, App, Scope, answer, routed

logger = logging.getLogger(__name__)

EVERY = 0.2  # seconds
MAX_RECORD = 500_000  # bytes; brokers refuse more than about a million


class Signal:
    """Spans or log records: what comes in requests leaves in merged records of one topic."""

    def __init__(self, producer: Producer, topic: str, request: Any, response: Any) -> None:
        self._producer, self._topic = producer, topic
        self._request, self._response = request, response
        self._waiting: Any = request()
        self._size = 0
        self._lock = threading.Lock()

    def write(self) -> None:
        """Write one record of all that is waiting."""
        with self._lock:
            request, self._waiting = self._waiting, self._request()
            self._size = 0
        if data := request.SerializeToString():
            self._producer.produce(self._topic, value=data, on_delivery=_check)
        self._producer.poll(0)

    async def take(self, scope: Scope, body: bytes) -> Answer:
        """Take an export request."""
        try:
            request = self._request.FromString(body)
        except DecodeError as error:
            return answer(400, {"message": f"not an OTLP request for {self._topic}: {error}"})
        if self._size + len(body) > MAX_RECORD:
            self.write()
        with self._lock:
            self._waiting.MergeFrom(request)
            self._size += len(body)
        return 200, self._response().SerializeToString(), "application/x-protobuf"


class Collector:
    """Takes export requests and writes them to Kafka in merged records."""

    def __init__(self, brokers: str) -> None:
        self._producer = Producer(
            {"bootstrap.servers": brokers, "client.id": "collector", "log_level": 2}
        )
        make = partial(Signal, self._producer)
        self._spans = make(SPANS, ExportTraceServiceRequest, ExportTraceServiceResponse)
        self._logs = make(LOGS, ExportLogsServiceRequest, ExportLogsServiceResponse)

    @property
    def app(self) -> App:
        """Its door for services."""
        return routed(
            {
                ("POST", "/v1/traces"): self._spans.take,
                ("POST", "/v1/logs"): self._logs.take,
            }
        )

    def run(self, stop: threading.Event) -> None:
        """Write what has come, several times a second, and all that is left at the end."""
        while not stop.wait(EVERY):
            self.write()
        self.close()

    def close(self) -> None:
        """Write all that is left and wait until it is written."""
        self.write()
        self._producer.flush(5)

    def write(self) -> None:
        """Write what is waiting."""
        self._spans.write()
        self._logs.write()


def _check(error: KafkaError | None, message: Message) -> None:
    if error is not None:
        logger.error("The demo's collector lost a record: %s", error)
