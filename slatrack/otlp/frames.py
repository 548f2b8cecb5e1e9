"""Frames: raw members packed for keeping, in groups that share one resource and scope.

A frame is a mark, the number of its members and one zstd frame. In it members stand group by group,
so that their resource and scope are there once; lengths are fixed-width, for what compresses best
is regularity. What few members do not say twice may be in a dictionary, which the zstd frame names.
"""

import io
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from struct import Struct
from typing import Any, BinaryIO, TypeVar

import zstandard

LEVEL = 1  # of some hundred spans 3 makes no fewer bytes, and 6 a twentieth for thrice the work
READ_AHEAD = 1 << 18  # bytes; with one member, all the memory that unpacking takes
LARGEST = 1 << 27  # bytes of one part; more is damage
MARK = 4  # bytes
FEW = 1 << 16  # bytes of members that a dictionary is used for: of more it saves hardly a byte each
_group = Struct("<III")  # length of resource, length of scope, members
_length = Struct("<I")
_local = threading.local()


class BlockDamagedError(ValueError):
    """A block that cannot be read back."""


class UnknownDictionaryError(LookupError):
    """Something was squeezed with a dictionary that is not there."""

    def __init__(self, number: int) -> None:
        super().__init__(f"dictionary {number} is lost: what was squeezed with it cannot be read")
        self.number = number


Group = tuple[bytes, bytes, list[bytes]]  # resource, scope, members
Member = tuple[bytes, bytes, bytes]  # resource, scope, what was packed
Read = Callable[[int], bytes]
Squeeze = Callable[[bytes], bytes]
Find = Callable[[int], zstandard.ZstdCompressionDict]  # by id, or UnknownDictionaryError


T = TypeVar("T")
_DAMAGED = (
    zstandard.ZstdError, EOFError, UnknownDictionaryError, ValueError, IndexError, OverflowError
)  # fmt: skip


def nowhere(number: int) -> Any:
    """Find no dictionary."""
    raise UnknownDictionaryError(number)


def pack(
    mark: bytes, groups: Iterable[Group], head: bytes = b"", *, few: Squeeze | None = None
) -> bytes:
    """Return a frame of these groups, after a head; `few` squeezes it, if it is small."""
    count, joined = body(groups, head)
    squeeze = few if few and len(joined) <= FEW else _compressor().compress
    return mark + _length.pack(count) + squeeze(joined)


def body(groups: Iterable[Group], head: bytes = b"") -> tuple[int, bytes]:
    """Return how many members some groups have, and the bytes that a frame of them squeezes."""
    parts: list[bytes] = [head]
    count = 0
    for resource, scope, members in groups:
        count += len(members)
        parts += (_group.pack(len(resource), len(scope), len(members)), resource, scope)
        for raw in members:
            parts += (_length.pack(len(raw)), raw)
    return count, b"".join(parts)


def unpack(mark: bytes, packed: bytes, find: Find = nowhere) -> Iterator[Member]:
    """Yield the members; BlockDamagedError where that cannot be read."""
    yield from unpack_headed(mark, packed, lambda *_: None, find)[1]


def unpack_headed(
    mark: bytes, packed: bytes, read_head: Callable[[int, Read], T], find: Find = nowhere
) -> tuple[T, Iterator[Member]]:
    """Return the head, as read by what is given the number of members; then as `unpack`."""
    if not packed.startswith(mark):
        raise BlockDamagedError(f"a block begins with {mark!r}, this one with {packed[:4]!r}")
    begin = MARK + _length.size
    (count,) = _length.unpack(packed[MARK:begin].ljust(_length.size, b"\0"))
    with _damage(packed):
        stream = io.BufferedReader(_opened(packed[begin:], find), READ_AHEAD)
        head = read_head(count, partial(_read, stream))
    return head, _members(stream, count, packed)


@contextmanager
def _damage(packed: bytes) -> Iterator[None]:
    """Say of whatever goes wrong that the block is damaged."""
    try:
        yield
    except _DAMAGED as exc:
        raise BlockDamagedError(f"a block of {len(packed):,} B is damaged: {exc}") from exc


def _compressor() -> zstandard.ZstdCompressor:
    """Return this thread's compressor: no two threads may use the same one."""
    found: zstandard.ZstdCompressor | None = getattr(_local, "compressor", None)
    if found is None:
        found = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        _local.compressor = found
    return found


def _members(stream: BinaryIO, left: int, packed: bytes) -> Iterator[Member]:
    with _damage(packed):
        while left > 0:
            lengths = _group.unpack(_read(stream, _group.size))
            resource, scope = _read(stream, lengths[0]), _read(stream, lengths[1])
            for _ in range(lengths[2]):
                (length,) = _length.unpack(_read(stream, _length.size))
                yield resource, scope, _read(stream, length)
            left -= lengths[2]
        if left or stream.read(1):  # reading to the end also checks the checksum
            raise EOFError("it holds other members than it says")


def _opened(frame: bytes, find: Find) -> Any:
    number = zstandard.get_frame_parameters(frame).dict_id
    opening = zstandard.ZstdDecompressor(dict_data=find(number) if number else None)
    return opening.stream_reader(frame, read_size=READ_AHEAD)


def _read(stream: BinaryIO, size: int) -> bytes:
    if size > LARGEST:
        raise EOFError(f"it claims a part of {size:,} B")
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("it ends too early")
    return data
