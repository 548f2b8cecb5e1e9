"""What is stored of a stream against what was sent, read once and held nowhere.

However long the stream is, this needs a pool of its records and a bit for each span and event.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from slatrack.alerting.models import Alert
from slatrack.bench.faults.invariants import CHAINS, differing
from slatrack.bench.faults.manifest import Expected, expected
from slatrack.bench.load import SERVICES, Load, event
from slatrack.bench.sending import Sent
from slatrack.bench.stencils import EVENTS_PER_WINDOW, MARK, SPANS_PER_WINDOW, Stream
from slatrack.otlp import blocks
from slatrack.tracking import dictionaries, kept_deadlines
from slatrack.tracking.models import Flip, Journey, SpanBlock, Trace
from slatrack.tracking.packing import unpack_trace

EXAMPLES = 3
AT_ONCE = 2_000  # rows fetched at a time


class Bits:
    """Which of many numbers were seen, a bit each."""

    def __init__(self, size: int) -> None:
        self._bits, self.count = bytearray(size // 8 + 1), 0

    def add(self, number: int) -> bool:
        """Note a number; whether it was new."""
        place, bit = number >> 3, 1 << (number & 7)
        if self._bits[place] & bit:
            return False
        self._bits[place] |= bit
        self.count += 1
        return True

    def __contains__(self, number: int) -> bool:
        return bool(self._bits[number >> 3] & 1 << (number & 7))


class Truth:
    """What was sent: windows of a stream, each with when it began."""

    def __init__(self, stream: Stream, sent: Sequence[Sent]) -> None:
        self._stream = stream
        self.begins = [begin for one in sent for begin in one.begins]
        if [one.first for one in sent] != _firsts(sent):
            raise ValueError("windows are missing between what was sent")
        self.spans = sum(one.spans for one in sent)
        self.events = len(self.begins) * EVENTS_PER_WINDOW
        self._ids = _pool_ids(stream)
        self.size = len(self._ids) * (len(self.begins) // stream.windows + 1)

    def span(self, trace_id: bytes, span_id: bytes) -> int | None:
        """Return the number of a span, below `size`; None if nobody sent it."""
        lap = int.from_bytes(trace_id[-MARK:], "big")
        found = self._ids.get((trace_id[:-MARK], span_id[:-MARK]))
        if found is None or trace_id[-MARK:] != span_id[-MARK:]:
            return None
        number, window = found
        if lap * self._stream.windows + window >= len(self.begins):
            return None
        return lap * len(self._ids) + number

    def number(self, flow: str, key: str) -> int | None:
        """Return the number of an event, below `events`; None if nobody sent it."""
        digits = key[-8:]
        number = int(digits) if digits.isdigit() else self.events
        return number if number < self.events and event(number) == (flow, key) else None

    def missed(self, number: int) -> bool:
        """Whether an event must be missed."""
        return self._stream.stuck(number)

    def journey(self, number: int) -> Expected:
        """Return what must be stored of an event."""
        window = number // EVENTS_PER_WINDOW
        stuck = self._stream.stuck(number)
        load = Load(SPANS_PER_WINDOW, start=self.begins[window], first=window * EVENTS_PER_WINDOW)
        return expected(load, number, range(len(SERVICES) - stuck))


def _firsts(sent: Sequence[Sent]) -> list[int]:
    firsts, at = [], 0
    for one in sent:
        firsts.append(at)
        at += len(one.begins)
    return firsts


def _pool_ids(stream: Stream) -> dict[tuple[bytes, bytes], tuple[int, int]]:
    """Return number and window of each span of the pool, by what copies have in common."""
    found: dict[tuple[bytes, bytes], tuple[int, int]] = {}
    for window in range(stream.windows):
        for copy in stream.window(window, 0):
            for span in TracesData.FromString(copy.value).resource_spans[0].scope_spans[0].spans:
                found[span.trace_id[:-MARK], span.span_id[:-MARK]] = len(found), window
    if len(found) != stream.spans(range(stream.windows)):
        raise ValueError("two spans of this seed are too much alike: take another one")
    return found


def broken(truth: Truth) -> list[str]:
    """Return in sentences what does not hold of what is stored and told; nothing if all is well."""
    return [*_spans("spans", truth, _facts()), *_spans("raw spans", truth, _raw()),
            *_journeys(truth), *_flips(truth), *_alerts(truth)]  # fmt: skip


def _facts() -> Iterator[tuple[bytes, bytes]]:
    for row_id, state in Trace.objects.values_list("id", "state").iterator(AT_ONCE):
        for span_id in unpack_trace(state).trace.facts:
            yield row_id.bytes, span_id


def _raw() -> Iterator[tuple[bytes, bytes]]:
    for data in SpanBlock.objects.values_list("data", flat=True).iterator(50):
        for one in blocks.unpack(bytes(data), blocks.EVERY, dictionaries.find):
            yield one.trace_id, one.span_id


def _spans(what: str, truth: Truth, stored: Iterable[tuple[bytes, bytes]]) -> Iterator[str]:
    seen, strangers, twice = Bits(truth.size), 0, 0
    for trace_id, span_id in stored:
        number = truth.span(trace_id, span_id)
        if number is None:
            strangers += 1
        elif not seen.add(number):
            twice += 1
    for count, said in ((truth.spans - seen.count, "lost"), (strangers, "that nobody sent"),
                        (twice, "stored twice")):  # fmt: skip
        if count:
            yield f"{count:,} {what} {said}"


def _journeys(truth: Truth) -> Iterator[str]:
    rows = Journey.objects.values_list(
        "flow__name", "key", "status", "started_at", "ended_at", "spans", "verdict"
    )
    seen, wrong = Bits(truth.events), Few()
    for row in rows.iterator(AT_ONCE):
        key, number = row[1], truth.number(row[0], row[1])
        if number is None:
            wrong.add(f"{key} is of no event")
        elif (found := Expected(*row[2:])) != truth.journey(number):
            wrong.add(f"{key} {differing(truth.journey(number), found)}")
        if number is not None:
            seen.add(number)
    yield from _lacking("journeys lacking", seen, truth)
    yield from wrong.said("journeys wrong")


def _flips(truth: Truth) -> Iterator[str]:
    seen, wrong = Bits(truth.events), Few()
    for flow, key, chain in _chains():
        number = truth.number(flow, key)
        if number is None or chain not in CHAINS[truth.journey(number).verdict]:
            wrong.add(f"{key} {' '.join(chain)}")
        if number is not None and not seen.add(number):
            wrong.add(f"{key} told by its deadline and by flips")
    yield from _lacking("events never judged", seen, truth)
    yield from wrong.said("verdicts that went another way than the evidence")


def _chains() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield flow, key and verdicts of each event: those that it tells itself, or its flips."""
    telling = Journey.objects.filter(kept__isnull=False)
    told = telling.values_list("flow__name", "key", "kept_terms", "kept")
    for flow, key, terms, own in told.iterator(AT_ONCE):
        for one in kept_deadlines.unpack(terms, own):
            yield flow, key, (one.verdict.value,)
    rows = Flip.objects.filter(about="verdict").order_by("journey", "number")
    named = rows.values_list("journey__flow__name", "journey__key", "after").iterator(AT_ONCE)
    for (flow, key), flips in groupby(named, itemgetter(0, 1)):
        yield flow, key, tuple(after for _, _, after in flips)


def _alerts(truth: Truth) -> Iterator[str]:
    rows = Alert.objects.filter(rung="missed").values_list("journey__flow__name", "journey__key")
    seen, wrong = Bits(truth.events), Few()
    for flow, key in rows.iterator(AT_ONCE):
        number = truth.number(flow, key)
        if number is None or not truth.missed(number):
            wrong.add(f"{key} has met")
        elif not seen.add(number):
            wrong.add(f"{key} twice")
    yield from _lacking("misses not told", seen, truth, truth.missed)
    yield from wrong.said("misses told wrongly")


def _lacking(
    what: str, seen: Bits, truth: Truth, must: Callable[[int], bool] | None = None
) -> Iterator[str]:
    lacking = Few()
    for number in range(truth.events):
        if number not in seen and (must is None or must(number)):
            lacking.add(event(number)[1])
    yield from lacking.said(what)


class Few:
    """Counts what is wrong, and keeps the first as examples."""

    def __init__(self) -> None:
        self._count, self._shown = 0, list[Any]()

    def add(self, one: str) -> None:
        """Count one more."""
        self._count += 1
        if len(self._shown) < EXAMPLES:
            self._shown.append(one)

    def said(self, what: str) -> Iterator[str]:
        """Yield a sentence, if there is anything to say."""
        if self._count:
            yield f"{self._count:,} {what}: {'; '.join(self._shown)}"
