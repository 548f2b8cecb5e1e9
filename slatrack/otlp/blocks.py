"""Blocks: raw spans packed for keeping.

A block is the number of its spans and one zstd frame. In it spans stand group by group, a group for
each origin, so that its resource and scope are there once; lengths are fixed-width, for what
compresses best is regularity.
Spans of a block are sorted by group and name: alike next to alike.
"""

import io
import threading
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from struct import Struct
from typing import BinaryIO, NamedTuple

import zstandard

from slatrack.domain.spans import Span
from slatrack.otlp import wire

MAGIC = b"SLB1"
LEVEL = 3  # 9 would save a tenth of the bytes for three times the work
READ_AHEAD = 1 << 18  # bytes; with one span, all the memory that unpacking takes
LARGEST = 1 << 27  # bytes of one part; more is damage
_group = Struct("<III")  # length of resource, length of scope, spans
_length = Struct("<I")
_local = threading.local()


class BlockDamagedError(ValueError):
    """A block that cannot be read back."""


class StoredSpan(NamedTuple):
    """A span as it was received, with its resource and scope."""

    trace_id: bytes
    span_id: bytes
    raw: bytes
    raw_resource: bytes
    raw_scope: bytes


def pack(spans: Sequence[Span]) -> bytes:
    """Return a block of these spans."""
    groups: dict[tuple[bytes, bytes], list[Span]] = defaultdict(list)
    last, add = None, list[Span]().append
    for span in spans:
        origin = span.origin
        if origin is not last:  # spans come in runs of one origin
            last, add = origin, groups[origin.raw_resource, origin.raw_scope].append
        add(span)
    parts: list[bytes] = []
    for (resource, scope), members in groups.items():
        rows = [(one.name, len(one.raw), one.trace_id, one.raw) for one in members]
        rows.sort()  # alike next to alike
        parts += (_group.pack(len(resource), len(scope), len(members)), resource, scope)
        for _, size, _, raw in rows:
            parts += (_length.pack(size), raw)
    return MAGIC + _length.pack(len(spans)) + _compressor().compress(b"".join(parts))


def _compressor() -> zstandard.ZstdCompressor:
    """Return this thread's compressor: no two threads may use the same one."""
    found: zstandard.ZstdCompressor | None = getattr(_local, "compressor", None)
    if found is None:
        found = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        _local.compressor = found
    return found


def unpack(data: bytes, trace_ids: Container[bytes]) -> list[StoredSpan]:
    """Return the spans of these traces; BlockDamagedError if the block cannot be read."""
    packed = bytes(data)  # PostgreSQL gives a memoryview
    if not packed.startswith(MAGIC):
        raise BlockDamagedError(f"a block begins with {MAGIC!r}, this one with {packed[:4]!r}")
    try:
        return [one for one in _spans(packed) if one.trace_id in trace_ids]
    except (zstandard.ZstdError, wire.DecodeError, EOFError) as exc:
        raise BlockDamagedError(f"a block of {len(packed):,} B is damaged: {exc}") from exc


def _spans(packed: bytes) -> Iterator[StoredSpan]:
    begin = len(MAGIC) + _length.size
    (left,) = _length.unpack(packed[len(MAGIC) : begin].ljust(_length.size, b"\0"))
    frame = zstandard.ZstdDecompressor().stream_reader(packed[begin:], read_size=READ_AHEAD)
    stream = io.BufferedReader(frame, READ_AHEAD)
    while left > 0:
        lengths = _group.unpack(_read(stream, _group.size))
        resource, scope = _read(stream, lengths[0]), _read(stream, lengths[1])
        for _ in range(lengths[2]):
            (length,) = _length.unpack(_read(stream, _length.size))
            raw = _read(stream, length)
            sent = wire.SlimSpan.FromString(raw)
            yield StoredSpan(sent.trace_id, sent.span_id, raw, resource, scope)
        left -= lengths[2]
    if left or stream.read(1):  # reading to the end also checks the checksum
        raise EOFError("it holds other spans than it says")


def _read(stream: BinaryIO, size: int) -> bytes:
    if size > LARGEST:
        raise EOFError(f"it claims a part of {size:,} B")
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("it ends too early")
    return data
