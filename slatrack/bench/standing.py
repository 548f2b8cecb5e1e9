"""Events in flight by the million, as rows: what the recorder writes of some, written of many.

`SHAPES` events go through the recorder. The others are their rows with ids, keys and traces of
their own: in nothing else do events differ that took the same way at the same time.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db import ProgrammingError, connection

from slatrack.domain.instants import to_nanoseconds
from slatrack.domain.parts import journey_id
from slatrack.domain.spans import Kind, Origin, Span
from slatrack.tracking import flows, store
from slatrack.tracking.deadline_rows import COLUMNS as DEADLINE_COLUMNS
from slatrack.tracking.journey_rows import JOURNEY_COLUMNS
from slatrack.tracking.models import Deadline, Journey
from slatrack.tracking.packing import pack_parts, unpack_parts
from slatrack.tracking.recorder import record

SHAPES = 1_000  # events through the recorder, at equal distances of time
SECOND = timedelta(seconds=1)
AT_ONCE = 5_000  # rows in one statement
OVERDUE = 99_999_000  # the number of one that is due before all others
AMOUNT = timedelta(minutes=15)
FLOWS = ("claims", "parcels", "loans")  # others than those of the load, which may pass beside
ORIGIN = Origin({}, "bench", b"", b"")

_FLOW = """\
flow: {name}
event_key: [{name}.id]
attributes: [desk]
steps:
  - {{step: received, role: ingress, match: {{kind: server, service: counter}}}}
  - {{step: accepted, match: {{kind: producer, topic: {name}.accepted}}, after: [received]}}
  - {{step: reported, role: sink, match: {{service: archive}}, after: [accepted]}}
deadlines:
  - deadline: report {name} within 15 minutes
    rule: {{kind: duration, from: ingress, amount: PT15M}}
    until: reported
    severity: critical
"""
DOCUMENTS = "---\n".join(_FLOW.format(name=name) for name in FLOWS)


def event(number: int) -> tuple[str, str]:
    """Return flow and key of an event; those of one shape are of one flow."""
    flow = FLOWS[number % SHAPES % 3]
    return flow, f"{flow[:3].upper()}-{number:08d}"


def due_at(number: int, first_due: datetime, within: timedelta = SECOND) -> datetime:
    """Return when an event is due, of events that are due `within` some time of the first."""
    return first_due + number % SHAPES * (within / SHAPES)


def spans(number: int, first_due: datetime, within: timedelta = SECOND) -> list[Span]:
    """Return the spans of an event that waits in its second step."""
    flow, key = event(number)
    shape = number % SHAPES
    start = to_nanoseconds(due_at(number, first_due, within) - AMOUNT)
    ids = [blake2b(b"%d %d" % (shape, n), digest_size=8).digest() for n in range(2)]
    common = {"trace_id": _trace_id(number), "error": False, "service": "counter"}
    attributes = {f"{flow}.id": key, "desk": f"desk {shape % 7}"}
    return [
        _span(**common, span_id=ids[0], parent_id=b"", kind=int(Kind.SERVER), start=start,
              topic=None, name="POST", attributes=attributes),
        _span(**common, span_id=ids[1], parent_id=ids[0], kind=int(Kind.PRODUCER),
              start=start + 10**6, topic=f"{flow}.accepted", name="send", attributes=attributes),
    ]  # fmt: skip


def proof(number: int, at: datetime) -> Span:
    """Return the span that proves an event to have reached its end at `at`."""
    flow, key = event(number)
    end = to_nanoseconds(at)
    return _span(
        trace_id=_trace_id(number), span_id=b"the sink", parent_id=b"", kind=int(Kind.CLIENT),
        start=end - 10**6, error=False, service="archive", topic=None, name="PUT",
        attributes={f"{flow}.id": key},
    )  # fmt: skip


def _span(*, start: int, **fields: Any) -> Span:
    return Span(
        start=start, end=start + 10**6, partition=None, offset=None, operation=None, links=(),
        dropped_links=0, origin=ORIGIN, raw=b"", **fields,
    )  # fmt: skip


def _trace_id(number: int) -> bytes:
    return blake2b(b"%d" % number, digest_size=16).digest()


def stand(
    count: int, *, first_due: datetime, now: datetime, within: timedelta = SECOND,
    mixed: bool = False,
) -> None:  # fmt: skip
    """Have `count` events stand in flight, all due `within` the time that begins at `first_due`.

    They were recorded in the order in which they began and are due, but for the first SHAPES;
    `mixed`: in an order that has nothing to do with it.
    """
    flows.save(DOCUMENTS, now=first_due - timedelta(days=3))
    shapes = range(min(SHAPES, count))
    record([span for number in shapes for span in spans(number, first_due, within)], now=now)
    copied = _Copied(shapes)
    order = range(SHAPES, count)
    numbered = list(order) if mixed else sorted(order, key=lambda number: number % SHAPES)
    for begin in range(0, len(numbered), AT_ONCE):
        numbers = numbered[begin : begin + AT_ONCE]
        store.insert(Journey, JOURNEY_COLUMNS, list(copied.journeys(numbers)))
        store.insert(Deadline, DEADLINE_COLUMNS, list(copied.deadlines(numbers)))


def take_stock() -> None:
    """Let PostgreSQL see what is in its tables, and write it, as it does by itself in a while."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
            with suppress(ProgrammingError):  # not everybody may
                cursor.execute("CHECKPOINT")


class _Copied:
    """The rows of the events that went through the recorder, by shape."""

    def __init__(self, shapes: Sequence[int]) -> None:
        ids = [journey_id(*event(shape)) for shape in shapes]
        columns = {name: at for at, name in enumerate(JOURNEY_COLUMNS)}
        self._key, self._parts = columns["key"], columns["parts"]
        self._journeys = {row[0]: row for row in store.select(Journey, JOURNEY_COLUMNS, ids)}
        self._deadlines: dict[UUID, list[Any]] = defaultdict(list)
        for row in store.select(Deadline, DEADLINE_COLUMNS, ids, by="journey"):
            self._deadlines[row[0]].append(row[1:])
        self._shapes = ids
        unpacked = (unpack_parts(self._journeys[row_id][self._parts]) for row_id in ids)
        self._part = [next(iter(parts.values())) for parts in unpacked]

    def journeys(self, numbers: Sequence[int]) -> Iterator[list[Any]]:
        for number in numbers:
            flow, key = event(number)
            row = list(self._journeys[self._shapes[number % SHAPES]])
            row[0], row[self._key] = journey_id(flow, key), key
            row[self._parts] = pack_parts({_trace_id(number): self._part[number % SHAPES]})
            yield row

    def deadlines(self, numbers: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        for number in numbers:
            for row in self._deadlines[self._shapes[number % SHAPES]]:
                yield (journey_id(*event(number)), *row)


def overdue(*, now: datetime) -> str:
    """Record one more event, which was due a minute ago; return its key."""
    number = OVERDUE
    record(spans(number, now - timedelta(minutes=1)), now=now)
    return event(number)[1]
