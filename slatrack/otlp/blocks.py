"""Blocks: raw spans packed for keeping, sorted by group and name: alike next to alike."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from slatrack.domain.spans import Span
from slatrack.otlp import frames, wire
from slatrack.otlp.frames import BlockDamagedError, Find, Squeeze, nowhere

MAGIC = b"SLB1"


class _Every:
    def __contains__(self, trace_id: object) -> bool:
        return True


EVERY: Container[bytes] = _Every()  # all traces that a block holds spans of


class StoredSpan(NamedTuple):
    """A span as it was received, with its resource and scope."""

    trace_id: bytes
    span_id: bytes
    raw: bytes
    raw_resource: bytes
    raw_scope: bytes


def pack(spans: Sequence[Span], *, few: Squeeze | None = None) -> bytes:
    """Return a block of these spans; few spans are squeezed by `few`."""
    return frames.pack(MAGIC, _grouped(spans), few=few)


def _grouped(spans: Iterable[Span]) -> Iterator[frames.Group]:
    groups: dict[tuple[bytes, bytes], list[Span]] = defaultdict(list)
    last, add = None, list[Span]().append
    for span in spans:
        origin = span.origin
        if origin is not last:  # spans come in runs of one origin
            last, add = origin, groups[origin.raw_resource, origin.raw_scope].append
        add(span)
    return ((*origin, _sorted(members)) for origin, members in groups.items())


def _sorted(members: Sequence[Span]) -> list[bytes]:
    rows = [(one.name, len(one.raw), one.trace_id, one.raw) for one in members]
    rows.sort()  # alike next to alike
    return [raw for _, _, _, raw in rows]


def unpack(data: bytes, trace_ids: Container[bytes], find: Find = nowhere) -> list[StoredSpan]:
    """Return the spans of these traces; BlockDamagedError if the block cannot be read."""
    packed = bytes(data)  # PostgreSQL gives a memoryview
    try:
        return [one for one in _spans(packed, find) if one.trace_id in trace_ids]
    except wire.DecodeError as exc:
        raise BlockDamagedError(f"a block of {len(packed):,} B is damaged: {exc}") from exc


def by_trace(data: bytes, find: Find = nowhere) -> list[bytes]:
    """Return what is squeezed in blocks of one trace each; BlockDamagedError if unreadable."""
    traces: dict[bytes, dict[tuple[bytes, bytes], list[bytes]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for one in unpack(data, EVERY, find):
        traces[one.trace_id][one.raw_resource, one.raw_scope].append(one.raw)
    grouped = (((*origin, raws) for origin, raws in one.items()) for one in traces.values())
    return [frames.body(groups)[1] for groups in grouped]


def _spans(packed: bytes, find: Find) -> Iterator[StoredSpan]:
    for resource, scope, raw in frames.unpack(MAGIC, packed, find):
        sent = wire.SlimSpan.FromString(raw)
        yield StoredSpan(sent.trace_id, sent.span_id, raw, resource, scope)


__all__ = ["EVERY", "BlockDamagedError", "StoredSpan", "pack", "unpack"]
