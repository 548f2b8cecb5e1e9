"""Blocks: raw spans packed for keeping, sorted by group and name: alike next to alike."""

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from slatrack.domain.spans import Span
from slatrack.otlp import frames, wire
from slatrack.otlp.frames import BlockDamagedError

MAGIC = b"SLB1"


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
    return frames.pack(MAGIC, ((*origin, _sorted(members)) for origin, members in groups.items()))


def _sorted(members: Sequence[Span]) -> list[bytes]:
    rows = [(one.name, len(one.raw), one.trace_id, one.raw) for one in members]
    rows.sort()  # alike next to alike
    return [raw for _, _, _, raw in rows]


def unpack(data: bytes, trace_ids: Container[bytes]) -> list[StoredSpan]:
    """Return the spans of these traces; BlockDamagedError if the block cannot be read."""
    packed = bytes(data)  # PostgreSQL gives a memoryview
    try:
        return [one for one in _spans(packed) if one.trace_id in trace_ids]
    except wire.DecodeError as exc:
        raise BlockDamagedError(f"a block of {len(packed):,} B is damaged: {exc}") from exc


def _spans(packed: bytes) -> Iterator[StoredSpan]:
    for resource, scope, raw in frames.unpack(MAGIC, packed):
        sent = wire.SlimSpan.FromString(raw)
        yield StoredSpan(sent.trace_id, sent.span_id, raw, resource, scope)


__all__ = ["BlockDamagedError", "StoredSpan", "pack", "unpack"]
