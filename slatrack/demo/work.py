"""What the stages do: the validator checks, the enricher remembers, the router decides."""

import threading
from dataclasses import dataclass, field
from zlib import crc32

from opentelemetry.trace import Link, SpanContext, Tracer

from slatrack.demo import faults
from slatrack.demo.lines import Line
from slatrack.demo.orders import Order
from slatrack.demo.stages import WorkFailedError

FAILS_TWICE = 3  # one event in so many, while the fault is on
VENUE_LIMITS = {"XTKS": 1_000_000, "XHKG": 1_000_000}
DEFAULT_LIMIT = 5_000_000


def validate(line: Line, order: Order, attempt: int) -> Order:
    """Return the order as valid, or say why it cannot be judged now."""
    chosen = crc32(str(order[line.key]).encode()) % FAILS_TWICE == 0
    if attempt <= 2 and chosen and "error_burst" in faults.active():
        raise WorkFailedError("reference data service did not answer in time")
    return {**order, "valid": "yes"}


def route(line: Line, order: Order, attempt: int) -> Order:
    """Return the order with the desk that answers for it."""
    worth = float(order.get("price", 1)) * float(order.get("quantity", 1))
    limit = VENUE_LIMITS.get(str(order.get("venue")), DEFAULT_LIMIT)
    return {**order, "desk": "large" if worth > limit else "standard"}


@dataclass
class Counterparties:
    """The enricher's state store: for each counterparty how many events, and who wrote that last.

    Its spans are INTERNAL and link to the trace that last wrote the value, as lineage
    instrumentation of stream processors does: touched, not belonging.
    """

    tracer: Tracer
    counts: dict[str, int] = field(default_factory=dict)
    writers: dict[str, SpanContext] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def enrich(self, line: Line, order: Order, attempt: int) -> Order:
        """Return the order with what is known of its counterparty."""
        name = str(order.get("counterparty", "unknown"))
        with self.lock:
            seen = self._get(name) + 1
            self._put(name, seen)
        return {**order, "counterparty.events": seen, "counterparty.lei": lei(name)}

    def _get(self, name: str) -> int:
        writer = self.writers.get(name)
        links = [Link(writer)] if writer else []
        with self.tracer.start_as_current_span(
            "counterparties state-store-get", links=links, attributes={"store.key": name}
        ):
            return self.counts.get(name, 0)

    def _put(self, name: str, seen: int) -> None:
        with self.tracer.start_as_current_span(
            "counterparties state-store-put", attributes={"store.key": name}
        ) as span:
            self.counts[name] = seen
            self.writers[name] = span.get_span_context()


def lei(name: str) -> str:
    """Return a made-up legal entity identifier, always the same for a name."""
    return f"5493{crc32(name.encode()):014d}00"
