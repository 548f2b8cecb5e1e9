"""Probes: events at a steady rate that must each be told once, and when each had to be at best.

Of each pair one proves by its spans that it came late; the other stops and is due in silence.
"""

import time
from datetime import UTC, datetime
from hashlib import blake2b
from threading import Event, Thread
from typing import Any
from zlib import crc32

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Producer
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, TracesData

from slatrack.bench.place import PARTITIONS, Broker

APPEND_TIME = {"message.timestamp.type": "LogAppendTime"}  # what the topic of probes needs
EVIDENCE, SILENCE = "LATE", "HUSH"  # how the keys of either kind begin
SECOND = 10**9
ALLOWED = 10 * SECOND
LEFT = 3 * SECOND  # until one that stops is due
FLOW = """\
flow: probes
event_key: [probe.id]
steps:
  - {step: received, role: ingress, match: {service: prober, kind: server}}
  - {step: reported, role: sink, match: {service: prober, kind: client}, after: [received]}
deadlines:
  - deadline: report probes within 10 seconds
    rule: {kind: duration, from: ingress, amount: PT10S}
    until: reported
    severity: critical
"""


def late(key: str, now: int) -> bytes:
    """Return a record that proves its event to have arrived only now, a minute after it began."""
    begin = now - 60 * SECOND
    return _record(key, [(Span.SPAN_KIND_SERVER, begin), (Span.SPAN_KIND_CLIENT, now - 10**7)])


def stopped(key: str, due: int) -> bytes:
    """Return the record of an event of which nothing more will come; it is due at `due`."""
    return _record(key, [(Span.SPAN_KIND_SERVER, due - ALLOWED)])


def _record(key: str, seen: list[tuple[Span.SpanKind.ValueType, int]]) -> bytes:
    group, parent = ResourceSpans(), b""
    group.resource.attributes.add(key="service.name", value=AnyValue(string_value="prober"))
    spans = group.scope_spans.add().spans
    for number, (kind, begin) in enumerate(seen):
        span_id = blake2b(b"%d %s" % (number, key.encode()), digest_size=8).digest()
        spans.add(
            trace_id=blake2b(key.encode(), digest_size=16).digest(),
            span_id=span_id, parent_span_id=parent, name="probe", kind=kind,
            start_time_unix_nano=begin, end_time_unix_nano=begin + 10**6,
            attributes=[KeyValue(key="probe.id", value=AnyValue(string_value=key))],
        )  # fmt: skip
        parent = span_id
    return TracesData(resource_spans=[group]).SerializeToString()


class Prober:
    """Sends probes; `since` says of each from when on it could have been told, in seconds.

    For evidence that is when the broker appended its record, for silence when it is due.
    """

    def __init__(self, broker: Broker, *, named: str, each_second: float) -> None:
        self.since: dict[str, float] = {}
        self.spans = self.records = 0
        self.named = named  # part of the keys of all of them
        self._broker, self._pause = broker, 1 / each_second
        self._producer = Producer({"bootstrap.servers": broker.address, "linger.ms": 0})
        self._failed: list[object] = []
        self._stop = Event()
        self._thread = Thread(target=self._run, name="prober", daemon=True)

    def __enter__(self) -> "Prober":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._producer.flush(30) or self._failed:
            raise RuntimeError(f"probes did not reach the broker: {self._failed[:1]}")

    def due(self) -> datetime:
        """Return when the last of them is due."""
        return datetime.fromtimestamp(max(self.since.values(), default=0.0), UTC)

    def _run(self) -> None:
        at, number = time.monotonic(), 0
        while not self._stop.is_set():
            self._send(number, time.time_ns())
            number += 1
            while (
                not self._stop.is_set()
                and (left := at + number * self._pause - time.monotonic()) > 0
            ):
                self._producer.poll(min(left, 0.05))

    def _send(self, number: int, now: int) -> None:
        name = f"{self.named}-{number:06d}"
        proving, silent = f"{EVIDENCE}-{name}", f"{SILENCE}-{name}"
        self._produce(proving, late(proving, now))
        self._produce(silent, stopped(silent, now + LEFT))
        self.since[silent] = (now + LEFT) / SECOND
        self.spans, self.records = self.spans + 3, self.records + 2

    def _produce(self, key: str, record: bytes) -> None:
        def note(error: Any, message: Any) -> None:
            kind, milliseconds = message.timestamp()
            if error or kind != TIMESTAMP_LOG_APPEND_TIME:
                self._failed.append(error or "no time of appending was told")
            elif key.startswith(EVIDENCE):
                self.since[key] = milliseconds / 1000

        to = crc32(key.encode()) % PARTITIONS
        self._producer.produce(self._broker.topic, record, key, partition=to, on_delivery=note)
