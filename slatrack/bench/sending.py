"""A process that sends: a stream of spans to a topic, at a rate or as fast as it can."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, NamedTuple
from zlib import crc32

from confluent_kafka import Producer

from slatrack.bench.stencils import Copy, Stream

READY = 300.0  # seconds that the pool may take
SOON = 0.02  # seconds that are not worth a sleep: less than records are gathered for
FLUSH = 120.0  # seconds for the broker to take what is left
OPTIONS = {
    "enable.idempotence": True,  # offsets are counted: nothing may be there twice
    "delivery.report.only.error": True,
    "linger.ms": 50,  # a Collector gathers for longer: its batch processor for 200 ms
    "queue.buffering.max.messages": 100_000,
    "queue.buffering.max.kbytes": 64_000,
    "log_level": 2,
}


class Plan(NamedTuple):
    """What to send where. `rate` in spans a second, None: at once. `windows` None: until told.

    Events begin `age` seconds before they are sent.
    """

    stream: Stream
    brokers: str
    topic: str
    partitions: int
    first: int
    windows: int | None
    rate: float | None
    age: float


class Sent(NamedTuple):
    """What was sent: when each window began, in nanoseconds, and how late it was at worst."""

    first: int
    begins: list[int]
    spans: int
    records: int
    seconds: float
    latest: float

    @property
    def windows(self) -> range:
        """The numbers of the windows."""
        return range(self.first, self.first + len(self.begins))


class Sender:
    """A process of its own, so that what is measured does not wait for it; ends with the block."""

    def __init__(self, plan: Plan) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._counted: Any = context.Value("q", 0)
        self._stop: Any = context.Event()
        arguments = (plan, theirs, self._counted, self._stop)
        self._process = context.Process(target=_run, args=arguments, daemon=True)

    def __enter__(self) -> "Sender":
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def ready(self) -> None:
        """Wait until it has made its pool."""
        self._hear(READY)

    def go(self) -> None:
        """Let it begin; it must be ready."""
        self._ours.send("go")

    @property
    def records(self) -> int:
        """How many records it has handed over so far."""
        return int(self._counted.value)

    def stop(self) -> None:
        """Let it send no further window."""
        self._stop.set()

    def end(self, seconds: float) -> Sent:
        """Wait until all is there; return what was sent."""
        return Sent(*self._hear(seconds))

    def _hear(self, seconds: float) -> Any:
        if not self._ours.poll(seconds):
            raise RuntimeError("the sender says nothing")
        said = self._ours.recv()
        if isinstance(said, str) and said:
            raise RuntimeError(said)
        return said


def _run(plan: Plan, told: Connection, counted: Any, stop: Any) -> None:
    try:
        plan.stream.prepare()
        told.send("")
        told.recv()
        told.send(tuple(_send(plan, counted, stop)))
    except Exception as exc:
        told.send(f"the sender failed: {exc!r}")


def _send(plan: Plan, counted: Any, stop: Any) -> Sent:
    producer, failed = Producer({"bootstrap.servers": plan.brokers, **OPTIONS}), list[Any]()

    def fail(error: Any, _: Any) -> None:
        failed.append(error)

    begins: list[int] = []
    spans, records, latest, began = 0, 0, 0.0, time.monotonic()
    for number in _numbers(plan, stop):
        begins.append((time.time_ns() - round(plan.age * 1e9)) // 1000 * 1000)  # microseconds
        for copy in plan.stream.window(number, begins[-1]):
            if plan.rate is not None:
                latest = max(latest, _paced(began + spans / plan.rate))
            _produce(producer, plan, copy, fail)
            spans, records = spans + copy.spans, records + 1
        counted.value = records
        producer.poll(0)
    left = producer.flush(FLUSH)
    if left or failed:
        raise RuntimeError(f"{left + len(failed)} records did not reach the broker: {failed[:1]}")
    return Sent(plan.first, begins, spans, records, time.monotonic() - began, latest)


def _numbers(plan: Plan, stop: Any) -> Iterator[int]:
    number = plan.first
    while not stop.is_set() and (plan.windows is None or number < plan.first + plan.windows):
        yield number
        number += 1


def _paced(at: float) -> float:
    """Sleep until it is time; return by how much it is late."""
    left = at - time.monotonic()
    if left > SOON:
        time.sleep(left)
    return -left


def _produce(producer: Producer, plan: Plan, copy: Copy, fail: Callable[[Any, Any], None]) -> None:
    partition = crc32(copy.key) % plan.partitions
    while True:
        try:
            producer.produce(plan.topic, copy.value, copy.key, partition, on_delivery=fail)
        except BufferError:  # the broker is slower than we are
            producer.poll(0.05)
        else:
            return
