"""Packing: facts of a trace and parts of a journey as bytes in a row, and back.

MessagePack, in a zstd frame where that is smaller: names and empty fields repeat from span to span,
and what a row does not hold is not written, logged, cached and read either. Both begin differently,
and so do columns (trace_columns, part_columns), behind a byte that no MessagePack begins with.
What rows have in common is in a dictionary, once there is one; a frame names it, and whatever was
written before is read as ever.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import zstandard
from msgspec import MsgspecError, msgpack

from slatrack.domain.claims import Claims, Tie
from slatrack.domain.facts import EMPTY, Fact, TraceFacts
from slatrack.domain.parts import Part
from slatrack.domain.spans import Span
from slatrack.otlp.frames import UnknownDictionaryError
from slatrack.tracking import dictionaries, part_columns, trace_columns
from slatrack.tracking.dictionary_models import Kind

logger = logging.getLogger(__name__)

LEVEL = -1  # of a kilobyte 1 and 3 make the same bytes in twice the time, without a dictionary
SMALL = 100  # bytes that are not worth it
FRAME = zstandard.FRAME_HEADER
COLUMNS = b"\xc1"  # MessagePack never uses it
UNREADABLE = (UnknownDictionaryError, zstandard.ZstdError, MsgspecError)  # of a damaged row


class StoredTrace(NamedTuple):
    """What a Trace row holds: its facts, the blocks of its raw spans, whether it is an event's."""

    trace: TraceFacts
    blocks: tuple[int, ...]
    bound: bool = False


NEW = StoredTrace(EMPTY, ())


class _Packed(NamedTuple):
    """A Trace row's bytes fact by fact, as rows were written once, and what columns cannot hold."""

    facts: list[Fact]
    blocks: tuple[int, ...]
    truncated: bool
    given: tuple[tuple[Tie, Claims], ...] = ()


class _Zstd(threading.local):
    """Each thread's own, for no two may use the same."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=LEVEL).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_encoder = msgpack.Encoder()
_trace = msgpack.Decoder(_Packed)
_parts = msgpack.Decoder(list[tuple[bytes, Part]])
_zstd = _Zstd()


def _squeezed(kind: Kind, data: bytes) -> bytes:
    if len(data) < SMALL:
        return data
    packed = (dictionaries.squeezer(kind) or _zstd.compress)(data)
    return packed if len(packed) < len(data) else data


def opened(data: bytes | memoryview) -> bytes | memoryview:
    """Return the MessagePack in some bytes of a row; UnknownDictionaryError if they need one."""
    if data[:4] != FRAME:
        return data
    number = zstandard.get_frame_parameters(data).dict_id
    return (dictionaries.opener(number) if number else _zstd.decompress)(data)


def pack_trace(stored: StoredTrace) -> bytes:
    """Return the bytes of `stored`."""
    facts, truncated, given = stored.trace
    told = list(given.items()) if given else ()
    columns = trace_columns.encode(facts, (stored.blocks, truncated, told))
    if columns is not None:
        return _squeezed(Kind.STATE, COLUMNS + columns)
    rows = (list(facts.values()), stored.blocks, truncated, told)
    return _squeezed(Kind.STATE, _encoder.encode(rows))


def pack_mute(spans: Sequence[Span], blocks: tuple[int, ...]) -> bytes:
    """Return what `pack_trace` does for a trace of these spans alone, which are mute."""
    return _squeezed(Kind.STATE, COLUMNS + trace_columns.encode_mute(spans, blocks))


def unpack_trace(data: bytes | memoryview, *, bound: bool = False) -> StoredTrace:
    """Return what `pack_trace` packed; `bound` has a column of its own."""
    plain = memoryview(opened(data))
    if plain[:1] == COLUMNS:
        known, (blocks, truncated, given) = trace_columns.decode(plain[1:])
    else:
        facts, blocks, truncated, given = _trace.decode(plain)
        known = {one.span_id: one for one in facts}
    return StoredTrace(TraceFacts(known, truncated, dict(given)), blocks, bound)


def trace_or_nothing(row_id: object, data: bytes | memoryview) -> StoredTrace:
    """Return what `pack_trace` packed, or NEW where it cannot be read, which is told."""
    try:
        return unpack_trace(data)
    except UNREADABLE as exc:
        logger.error("trace %s cannot be read: %s", row_id, exc)
        return NEW


def pack_parts(parts: Mapping[bytes, Part]) -> bytes:
    """Return the bytes of the parts of a journey, in order of trace id."""
    columns = part_columns.encode(parts)
    if columns is not None:
        return _squeezed(Kind.PARTS, COLUMNS + columns)
    return _squeezed(Kind.PARTS, _encoder.encode(sorted(parts.items())))


def unpack_parts(data: bytes | memoryview) -> dict[bytes, Part]:
    """Return what `pack_parts` packed."""
    plain = memoryview(opened(data))
    if plain[:1] == COLUMNS:
        return part_columns.decode(plain[1:])
    return dict(_parts.decode(plain))
