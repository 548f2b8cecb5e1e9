"""Frames: raw members packed for keeping, in groups that share one resource and scope.

A frame is a mark, the number of its members and one zstd frame. In it members stand group by group,
so that their resource and scope are there once; lengths are fixed-width, for what compresses best
is regularity.
"""

import io
import threading
from collections.abc import Iterable, Iterator
from struct import Struct
from typing import BinaryIO

import zstandard

LEVEL = 1  # of some hundred spans 3 makes no fewer bytes, and 6 a twentieth for thrice the work
READ_AHEAD = 1 << 18  # bytes; with one member, all the memory that unpacking takes
LARGEST = 1 << 27  # bytes of one part; more is damage
MARK = 4  # bytes
_group = Struct("<III")  # length of resource, length of scope, members
_length = Struct("<I")
_local = threading.local()


class BlockDamagedError(ValueError):
    """A block that cannot be read back."""


def pack(mark: bytes, groups: Iterable[tuple[bytes, bytes, list[bytes]]]) -> bytes:
    """Return a frame of these groups: resource, scope, members."""
    parts: list[bytes] = []
    count = 0
    for resource, scope, members in groups:
        count += len(members)
        parts += (_group.pack(len(resource), len(scope), len(members)), resource, scope)
        for raw in members:
            parts += (_length.pack(len(raw)), raw)
    return mark + _length.pack(count) + _compressor().compress(b"".join(parts))


def unpack(mark: bytes, packed: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield resource, scope and raw member; BlockDamagedError where that cannot be read."""
    if not packed.startswith(mark):
        raise BlockDamagedError(f"a block begins with {mark!r}, this one with {packed[:4]!r}")
    try:
        yield from _members(packed)
    except (zstandard.ZstdError, EOFError) as exc:
        raise BlockDamagedError(f"a block of {len(packed):,} B is damaged: {exc}") from exc


def _compressor() -> zstandard.ZstdCompressor:
    """Return this thread's compressor: no two threads may use the same one."""
    found: zstandard.ZstdCompressor | None = getattr(_local, "compressor", None)
    if found is None:
        found = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        _local.compressor = found
    return found


def _members(packed: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    begin = MARK + _length.size
    (left,) = _length.unpack(packed[MARK:begin].ljust(_length.size, b"\0"))
    frame = zstandard.ZstdDecompressor().stream_reader(packed[begin:], read_size=READ_AHEAD)
    stream = io.BufferedReader(frame, READ_AHEAD)
    while left > 0:
        lengths = _group.unpack(_read(stream, _group.size))
        resource, scope = _read(stream, lengths[0]), _read(stream, lengths[1])
        for _ in range(lengths[2]):
            (length,) = _length.unpack(_read(stream, _length.size))
            yield resource, scope, _read(stream, length)
        left -= lengths[2]
    if left or stream.read(1):  # reading to the end also checks the checksum
        raise EOFError("it holds other members than it says")


def _read(stream: BinaryIO, size: int) -> bytes:
    if size > LARGEST:
        raise EOFError(f"it claims a part of {size:,} B")
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("it ends too early")
    return data
