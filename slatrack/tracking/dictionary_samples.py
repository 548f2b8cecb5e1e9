"""What dictionaries are trained from: recent rows, opened, as many as are worth reading."""

from collections.abc import Callable, Iterable, Iterator
from heapq import nlargest
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from slatrack.otlp import blocks
from slatrack.tracking import dictionaries, models
from slatrack.tracking.dictionary_models import Kind
from slatrack.tracking.packing import SMALL, UNREADABLE, opened, unpack_parts
from slatrack.tracking.store import chunks

T = TypeVar("T")
Packed = bytes | memoryview

MOST = 2_000  # samples
MOST_PARKED = 500  # of them, where there are enough of traces that are an event's, which stay
LARGEST = 1 << 15  # bytes of one: of what is large a dictionary saves little
MOST_BYTES = 4 << 20  # of all of them
PARTS_AT_ONCE = 50  # blocks


def take(kind: Kind) -> list[bytes]:
    """Return samples of recent rows; the newest need not come first."""
    return list(_bounded(_SOURCES[kind]()))


def _bounded(samples: Iterable[bytes]) -> Iterator[bytes]:
    left = MOST_BYTES
    sized = (one for one in samples if SMALL <= len(one) <= LARGEST)
    for one in islice(sized, MOST):
        left -= len(one)
        if left < 0:
            return
        yield one


def _parts() -> Iterator[bytes]:
    for data in _newest_parts():
        yield from _opened(data)


def _states() -> Iterator[bytes]:
    """Mostly traces of events: the others expire."""
    parts = (one for data in _newest_parts() for one in _readable(unpack_parts, data))
    traces = dict.fromkeys(trace for some in parts for trace in some)
    bound = [UUID(bytes=one) for one in islice(traces, MOST - MOST_PARKED)]
    for some in chunks(bound):
        for data in models.Trace.objects.filter(id__in=some).values_list("state", flat=True):
            yield from _opened(data)
    parked = models.Trace.objects.filter(bound=False).order_by("-created_at")
    for data in parked.values_list("state", flat=True)[: MOST - len(bound)]:
        yield from _opened(data)


def _newest_parts() -> Iterator[Packed]:
    """The parts of the journeys that began last; each flow's are found by an index."""
    flows = list(models.Flow.objects.values_list("id", flat=True))
    rows = models.Journey.objects.order_by("-started_at").values_list("started_at", "id")
    each = -(-2 * MOST // max(1, len(flows)))
    newest = nlargest(MOST, (row for flow in flows for row in rows.filter(flow=flow)[:each]))
    for some in chunks([row_id for _, row_id in newest]):
        yield from models.Journey.objects.filter(id__in=some).values_list("parts", flat=True)


def _spans() -> Iterator[bytes]:
    """What blocks of one trace each would hold, of some of the newest blocks."""
    ids = models.SpanBlock.objects.order_by("-id").values_list("id", flat=True)[:MOST]
    scattered = sorted(ids, key=_scattered)
    for at in range(0, len(scattered), PARTS_AT_ONCE):
        some = models.SpanBlock.objects.filter(id__in=scattered[at : at + PARTS_AT_ONCE])
        for data in some.values_list("data", flat=True):
            for bodies in _readable(_bodies, data):
                yield from bodies


def _opened(data: Packed) -> Iterator[bytes]:
    yield from map(bytes, _readable(opened, data))


def _bodies(data: bytes) -> list[bytes]:
    return blocks.by_trace(bytes(data), dictionaries.find)


def _scattered(number: int) -> int:
    """An order in which the first few numbers stand for all."""
    return number * 0x9E3779B1 % 2**32


def _readable(read: Callable[[Any], T], data: Any) -> Iterator[T]:
    """Yield what is read; nothing where it cannot be: readers of the row are told."""
    try:
        yield read(data)
    except (*UNREADABLE, blocks.BlockDamagedError):
        return


_SOURCES = {Kind.STATE: _states, Kind.PARTS: _parts, Kind.SPANS: _spans}
