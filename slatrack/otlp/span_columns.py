"""What spans differ in, taken out of their raw bytes column by column; what is left is much alike.

Taken out are ids and times, from where SDKs write them: a trace's id is there once, a parent is
named by its place, times are told as distances. A span that begins otherwise stays whole.
Putting back gives the very bytes.
"""

import re
from array import array
from collections.abc import Callable, Sequence
from struct import Struct
from typing import NamedTuple, Protocol


class Sent(Protocol):
    """A span as it was received. Its ids are those that its bytes come to say."""

    @property
    def trace_id(self) -> bytes: ...
    @property
    def span_id(self) -> bytes: ...
    @property
    def raw(self) -> bytes: ...


class Taken(NamedTuple):
    """What was taken out of one span."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes  # empty: there is none, or it was left
    clock: int  # where in what is left the times were
    times: bytes


Read = Callable[[int], bytes]  # exactly so many bytes

NONE = 0xFFFF_FFFF  # no place: of a parent that was left, of times where all was left
_ALL_LEFT = (0, NONE, NONE, 0, 0)
_IDS = 28  # bytes that the ids of a trace and a span take, each with its tag and length
_CLOCK = re.compile(rb"9.{8}A.{8}", re.S)  # fixed64 fields 7 and 8
_CLOCK_SIZE = 18  # bytes
_NO_ID = bytes(8)  # in place of what is no id of a span; it is read of none that was left whole
_NEAR = 300  # bytes of a span in which its times are looked for
_WRAP = (1 << 64) - 1
_times = Struct("<QxQ").unpack_from
_clock = Struct("<cQcQ").pack
_count = Struct("<I")
_swapped = array("I", [1]).tobytes()[0] == 0  # on a machine whose highest byte comes first

_Row = tuple[int, int, int, int, int]  # trace, parent, clock, start, length


def take_out(spans: Sequence[Sent]) -> tuple[bytes, list[bytes]]:
    """Return what these spans differ in, as bytes, and what is left of each."""
    places = {one.span_id: place for place, one in enumerate(spans)}
    traces: dict[bytes, int] = {}
    begins: list[int] = []
    rows: list[_Row] = []
    left: list[bytes] = []
    clock, find_parent, find_trace = 0, places.get, traces.get
    for one in spans:
        raw, trace_id = one.raw, one.trace_id
        parent, begin = NONE, _IDS
        if raw[_IDS : _IDS + 2] == b'"\x08':
            parent = find_parent(raw[_IDS + 2 : _IDS + 10], NONE)
            begin = _IDS if parent == NONE else _IDS + 10
        if not _is_clock(raw, clock, begin):  # not where it was in the span before
            clock = _find_clock(raw, begin)
        if not clock or not raw.startswith(b"\n\x10%b\x12\x08%b" % (trace_id, one.span_id)):
            rows.append(_ALL_LEFT)
            left.append(raw)
            continue
        start, end = _times(raw, clock + 1)
        trace = find_trace(trace_id)
        if trace is None:
            trace = traces[trace_id] = len(traces)
            begins.append(start)
        distances = (start - begins[trace]) & _WRAP, (end - start) & _WRAP
        rows.append((trace, parent, clock - begin, *distances))
        left.append(raw[begin:clock] + raw[clock + _CLOCK_SIZE :])
    ids = [one.span_id if len(one.span_id) == len(_NO_ID) else _NO_ID for one in spans]
    return _packed(traces, begins, ids, rows), left


def _is_clock(raw: bytes, at: int, begin: int) -> bool:
    """Whether two times stand there: behind what is taken out before them, and whole."""
    return raw[at : at + 10 : 9] == b"9A" and begin <= at <= len(raw) - _CLOCK_SIZE


def _find_clock(raw: bytes, begin: int) -> int:
    """Return where the times of a span stand; 0: nowhere near its beginning."""
    found = _CLOCK.search(raw, begin, _NEAR)
    return found.start() if found else 0


def _packed(
    traces: dict[bytes, int], begins: list[int], ids: list[bytes], rows: list[_Row]
) -> bytes:
    of, parents, clocks, starts, lengths = zip(*rows, strict=True) if rows else ((),) * 5
    return b"".join((
        _count.pack(len(traces)), b"".join(traces), _planes("Q", begins), b"".join(ids),
        _planes("I", of), _planes("I", parents), _planes("I", clocks),
        _planes("Q", starts), _planes("Q", lengths),
    ))  # fmt: skip


def read(count: int, read: Read) -> list[Taken | None]:
    """Read what `take_out` took of so many spans, span by span; None of one left whole.

    Raises ValueError or IndexError where it cannot have been that, and whatever `read` raises.
    """
    (known,) = _count.unpack(read(_count.size))
    traces = _cut(read(16 * known), 16)
    begins = _numbers("Q", read(8 * known))
    ids = _cut(read(8 * count), 8)
    of, parents, clocks = (_numbers("I", read(4 * count)) for _ in range(3))
    starts, lengths = (_numbers("Q", read(8 * count)) for _ in range(2))
    rows = zip(ids, of, parents, clocks, starts, lengths, strict=True)
    return [
        None if clock == NONE else _taken(
            traces[trace], span_id, b"" if parent == NONE else ids[parent], clock,
            (begins[trace] + start) & _WRAP, length,
        )
        for span_id, trace, parent, clock, start, length in rows
    ]  # fmt: skip


def _taken(
    trace_id: bytes, span_id: bytes, parent_id: bytes, clock: int, start: int, length: int
) -> Taken:
    times = _clock(b"9", start, b"A", (start + length) & _WRAP)
    return Taken(trace_id, span_id, parent_id, clock, times)


def put_back(taken: Taken, left: bytes) -> bytes:
    """Return the span's bytes as they were."""
    parent = b'"\x08' + taken.parent_id if taken.parent_id else b""
    return b"".join((
        b"\n\x10", taken.trace_id, b"\x12\x08", taken.span_id, parent,
        left[: taken.clock], taken.times, left[taken.clock :],
    ))  # fmt: skip


def _cut(joined: bytes, size: int) -> list[bytes]:
    return [joined[at : at + size] for at in range(0, len(joined), size)]


def _planes(kind: str, numbers: Sequence[int]) -> bytes:
    """Return numbers as all their lowest bytes first: the bytes above these are mostly alike."""
    found = array(kind, numbers)
    if _swapped:
        found.byteswap()
    data, size = found.tobytes(), found.itemsize
    return b"".join([data[byte::size] for byte in range(size)])


def _numbers(kind: str, planes: bytes) -> "array[int]":
    found, data = array(kind), bytearray(len(planes))
    size, count = found.itemsize, len(planes) // found.itemsize
    for byte in range(size):
        data[byte::size] = planes[byte * count : (byte + 1) * count]
    found.frombytes(data)
    if _swapped:
        found.byteswap()
    return found
