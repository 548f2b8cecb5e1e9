"""Stencils: records of which copies are made by the million, each span and event its own.

A pool of the load's records is made once. What is sent are copies, which differ from the pool in
nothing but the end of each trace and span id, the times, and the number in each event key: a
hundredth of the work of making a record anew, and no memory for what was sent.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from slatrack.bench.collecting import by_trace
from slatrack.bench.load import SECOND, Load, event

EVENTS_PER_WINDOW, SPANS_PER_WINDOW = 50, 800
WINDOWS = 63  # 50,400 spans: three batches of 8 MB, so that none of them holds a copy twice
KEY = re.compile(r"[A-Z]{3}-\d{8}-(\d{8})")
MARK = 4  # bytes of each id that tell copies apart

_LAP, _NUMBER = -1, -2  # what goes to a place, where it is no time


class Copy(NamedTuple):
    """A record to send: with its key, and how many spans it holds."""

    key: bytes
    value: bytes
    spans: int


class Stencil:
    """One record of one trace, cut out where copies differ."""

    def __init__(self, record: bytes) -> None:
        spans = TracesData.FromString(record).resource_spans[0].scope_spans[0].spans
        self.spans = len(spans)
        self._trace = spans[0].trace_id[:-MARK].hex().encode()
        self._number = 0
        pieces, self._places, at = [], list[int](), 0
        for begin, end, what in self._cuts(record, spans):
            pieces.append(record[at:begin].replace(b"%", b"%%"))
            self._places.append(what)
            at = end
        self._pattern = b"%b".join([*pieces, record[at:].replace(b"%", b"%%")])

    def _cuts(self, record: bytes, spans: Iterable[Span]) -> Iterator[tuple[int, int, int]]:
        """Yield from where to where the record is cut out, and what goes there."""
        at = 0
        for span in spans:
            for head, one in ((b"\x0a\x10", span.trace_id), (b"\x12\x08", span.span_id),
                              (b"\x22\x08", span.parent_span_id)):  # fmt: skip
                if one:
                    at = record.index(head + one, at) + len(head + one)
                    yield at - MARK, at, _LAP
            for head, when in ((b"\x39", span.start_time_unix_nano),
                               (b"\x41", span.end_time_unix_nano)):  # fmt: skip
                at = record.index(head + when.to_bytes(8, "little"), at) + 9
                yield at - 8, at, when
            for attribute in span.attributes:
                if found := KEY.fullmatch(attribute.value.string_value):
                    self._number = int(found[1])
                    at = record.index(found[0].encode(), at) + len(found[0])
                    yield at - len(found[1]), at, _NUMBER

    def copy(self, lap: bytes, shift: int, events: int) -> Copy:
        """Return the copy of a lap: times `shift` nanoseconds later, `events` numbers on."""
        number = b"%08d" % (self._number + events)
        parts = [
            lap if what == _LAP else number if what == _NUMBER
            else (what + shift).to_bytes(8, "little")
            for what in self._places
        ]  # fmt: skip
        return Copy(self._trace + lap.hex().encode(), self._pattern % tuple(parts), self.spans)


@dataclass(frozen=True, slots=True)
class Stream:
    """Windows of the load without an end, from a pool of WINDOWS of them.

    `unreported`: every n-th event never reaches its sink. Numbers of windows are those of the
    whole stream, so parts of it may be made by several.
    """

    seed: int = 1
    unreported: int = 0
    windows: int = WINDOWS
    _pool: list[list[Stencil]] = field(default_factory=list, compare=False, repr=False)

    @property
    def load(self) -> Load:
        """The load that the pool is made of."""
        return Load(self.windows * SPANS_PER_WINDOW, self.seed, SECOND, unreported=self.unreported)

    def prepare(self) -> None:
        """Make the pool, which takes some seconds."""
        if self._pool:
            return
        records = list(self.load.records())
        each = len(records) // self.windows
        for first in range(0, len(records), each):
            window = by_trace(records[first : first + each])
            self._pool.append([Stencil(record) for _, record in window])

    def window(self, number: int, begin: int) -> Iterator[Copy]:
        """Yield the records of one window, whose first event begins at `begin` nanoseconds."""
        self.prepare()
        lap, place = divmod(number, self.windows)
        mark, events = lap.to_bytes(MARK, "big"), lap * self.windows * EVENTS_PER_WINDOW
        shift = begin - self.load.begin(place * EVENTS_PER_WINDOW)
        return (stencil.copy(mark, shift, events) for stencil in self._pool[place])

    def events(self, windows: range) -> Iterator[tuple[str, str]]:
        """Yield flow and key of each event of some windows."""
        for number in range(windows.start * EVENTS_PER_WINDOW, windows.stop * EVENTS_PER_WINDOW):
            yield event(number)

    def stuck(self, number: int) -> bool:
        """Whether an event of the stream never reaches its sink."""
        return self.load.stuck(number % (self.windows * EVENTS_PER_WINDOW))

    def spans(self, windows: range) -> int:
        """Return how many spans some windows hold."""
        first, last = windows.start * EVENTS_PER_WINDOW, windows.stop * EVENTS_PER_WINDOW
        stuck = sum(map(self.stuck, range(first, last))) if self.unreported else 0
        return len(windows) * SPANS_PER_WINDOW - 2 * stuck
