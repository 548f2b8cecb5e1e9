"""Packing: facts of a trace and parts of a journey as bytes in a row (MessagePack), and back."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import msgpack

from slatrack.domain.claims import Claims, Tie
from slatrack.domain.facts import EMPTY, Fact, TraceFacts
from slatrack.domain.parts import Part


class StoredTrace(NamedTuple):
    """What a Trace row holds: its facts, the blocks of its raw spans, whether it is an event's."""

    trace: TraceFacts
    blocks: tuple[int, ...]
    bound: bool = False


NEW = StoredTrace(EMPTY, ())


class _Packed(NamedTuple):
    """A Trace row's bytes. New fields come last and have defaults: older rows have none."""

    facts: list[Fact]
    blocks: tuple[int, ...]
    truncated: bool
    given: tuple[tuple[Tie, Claims], ...] = ()


_encoder = msgpack.Encoder()
_trace = msgpack.Decoder(_Packed)
_parts = msgpack.Decoder(list[tuple[bytes, Part]])


def pack_trace(stored: StoredTrace) -> bytes:
    """Return the bytes of `stored`."""
    facts = list(stored.trace.facts.values())
    given = list(stored.trace.given.items())
    return _encoder.encode((facts, stored.blocks, stored.trace.truncated, given))


def unpack_trace(data: bytes | memoryview, *, bound: bool = False) -> StoredTrace:
    """Return what `pack_trace` packed; `bound` has a column of its own."""
    facts, blocks, truncated, given = _trace.decode(data)
    trace = TraceFacts({one.span_id: one for one in facts}, truncated, dict(given))
    return StoredTrace(trace, blocks, bound)


def pack_parts(parts: Mapping[bytes, Part]) -> bytes:
    """Return the bytes of the parts of a journey, in order of trace id."""
    return _encoder.encode(sorted(parts.items()))


def unpack_parts(data: bytes | memoryview) -> dict[bytes, Part]:
    """Return what `pack_parts` packed."""
    return dict(_parts.decode(data))
