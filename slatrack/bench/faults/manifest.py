"""The manifest of a load: what must be stored in the end, worked out from how the load is made.

It shares no code with what it checks: no matching, no fold, no rule.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from slatrack.bench.load import SECOND, SERVICES, SHAPES, Load, event

JOURNEYS_PER_WINDOW, SPANS_PER_WINDOW = 50, 800
RECORDS_PER_WINDOW = 8  # one of each service, and as many of noise
UNREPORTED = 25  # one event in so many never reaches its sink
TOOK = 8_000_000  # nanoseconds that each span takes

SpanId = tuple[bytes, bytes]  # trace id, span id


class Expected(NamedTuple):
    """A journey as it must be: `ended` is None where it never reached its sink."""

    status: str
    started: datetime
    ended: datetime | None
    spans: int
    verdict: str


@dataclass(slots=True)
class Manifest:
    """What is sent, record by record, and what must come of it."""

    seed: int
    records: list[bytes] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)  # records that Kafka deleted, by number
    _waves: list[tuple[int, Load]] = field(default_factory=list)  # their first records

    def add(self, windows: int, start: int) -> list[bytes]:
        """Add that many windows of events, the first of which begins at `start`."""
        first = len(self.records) // RECORDS_PER_WINDOW
        spans = windows * SPANS_PER_WINDOW
        seed = self.seed * 10_000 + first
        load = Load(spans, seed, start, unreported=UNREPORTED, first=first * JOURNEYS_PER_WINDOW)
        self._waves.append((len(self.records), load))
        made = list(load.records())
        self.records += made
        return made

    def spans(self) -> set[SpanId]:
        """Return the ids of all spans that are to be stored."""
        return {
            (span.trace_id, span.span_id)
            for number, record in enumerate(self.records)
            if number not in self.lost
            for resource in TracesData.FromString(record).resource_spans
            for span in resource.scope_spans[0].spans
        }

    def journeys(self) -> dict[tuple[str, str], Expected]:
        """Return all journeys that are to be found."""
        return {
            event(number): expected(load, number, seen)
            for first, load in self._waves
            for number in load.numbers
            if (seen := self._services(first, load, number))
        }

    def _services(self, first: int, load: Load, number: int) -> list[int]:
        """Return the services whose record of this journey is there."""
        window = (number - load.first) // JOURNEYS_PER_WINDOW
        record = first + window * RECORDS_PER_WINDOW
        sent = len(SERVICES) - load.stuck(number)
        return [one for one in range(sent) if record + one not in self.lost]

    def summary(self) -> dict[str, Any]:
        """Return what identifies this load: equal seeds give equal digests."""
        ids = sorted(trace + span for trace, span in self.spans())
        return {
            "seed": self.seed,
            "records": len(self.records),
            "lost": len(self.lost),
            "spans": len(ids),
            "sha256_of_span_ids": hashlib.sha256(b"".join(ids)).hexdigest(),
        }


def expected(load: Load, number: int, seen: Collection[int]) -> Expected:
    """Return what must be stored of an event of which these services' spans were sent."""
    begin = load.begin(number)
    shapes = [shape for shape in SHAPES if shape.service in seen]
    done = len(SERVICES) - 1 in seen
    started = begin + round(min(shape.begin for shape in shapes) * SECOND)
    ended = _at(begin + round(SHAPES[-1].begin * SECOND) + TOOK)
    return Expected(
        "done" if done else "in_flight",
        _at(started),
        ended if done else None,
        len(shapes),
        "met" if done else "missed",
    )


def _at(nanoseconds: int) -> datetime:
    whole, rest = divmod(nanoseconds // 1000, 1_000_000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest)
