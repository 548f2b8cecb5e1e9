"""A small OpenTelemetry Collector: OTLP over HTTP in, Kafka records of `otlp_proto` out.

Requests are merged for a moment, as the Collector's batch processor does: one record is one
serialised TracesData with the spans of many services.
"""

import logging
import threading

from confluent_kafka import KafkaError, Message, Producer
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from slatrack.demo.topics import SPANS
from slatrack.demo.web import Answer, App, Scope, answer, routed

logger = logging.getLogger(__name__)

EVERY = 0.2  # seconds
MAX_RECORD = 500_000  # bytes; brokers refuse more than about a million


class Collector:
    """Takes export requests and writes them to Kafka in merged records."""

    def __init__(self, brokers: str) -> None:
        self._producer = Producer(
            {"bootstrap.servers": brokers, "client.id": "collector", "log_level": 2}
        )
        self._waiting = ExportTraceServiceRequest()
        self._size = 0
        self._lock = threading.Lock()

    @property
    def app(self) -> App:
        """Its door for services."""
        return routed({("POST", "/v1/traces"): self._take})

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
        """Write one record of all that is waiting."""
        with self._lock:
            request, self._waiting = self._waiting, ExportTraceServiceRequest()
            self._size = 0
        if request.resource_spans:
            self._producer.produce(SPANS, value=request.SerializeToString(), on_delivery=_check)
        self._producer.poll(0)

    async def _take(self, scope: Scope, body: bytes) -> Answer:
        try:
            request = ExportTraceServiceRequest.FromString(body)
        except DecodeError as error:
            return answer(400, {"message": f"not an OTLP trace request: {error}"})
        if self._size + len(body) > MAX_RECORD:
            self.write()
        with self._lock:
            self._waiting.MergeFrom(request)
            self._size += len(body)
        return 200, ExportTraceServiceResponse().SerializeToString(), "application/x-protobuf"


def _check(error: KafkaError | None, message: Message) -> None:
    if error is not None:
        logger.error("The demo's collector lost a record of spans: %s", error)
