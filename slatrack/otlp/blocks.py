"""Blocks: raw spans packed for keeping, sorted by group and name: alike next to alike."""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from slatrack.domain.spans import Span
from slatrack.otlp import frames, span_columns, wire
from slatrack.otlp.frames import BlockDamagedError, Find, Squeeze, nowhere

MAGIC = b"SLB1"  # whole spans
COLUMNS = b"SLB2"  # what they differ in stands before what is left of them


# Spans by what they have in common: resource and scope.
Grouped = Collection[tuple[tuple[bytes, bytes], Sequence[span_columns.Sent]]]


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


def pack(spans: Sequence[Span], *, few: Squeeze | None = None, to_stay: bool = False) -> bytes:
    """Return a block of these spans, in order of trace; few spans are squeezed by `few`.

    What is `to_stay` is packed smaller, by columns, in thrice the time.
    """
    groups = [(origin, _sorted(members)) for origin, members in _grouped(spans).items()]
    if not to_stay:
        return frames.pack(MAGIC, _rows(groups), few=few)
    left, head = _columns(groups)
    return frames.pack(COLUMNS, left, head, few=few)


def _columns(groups: Grouped) -> tuple[list[frames.Group], bytes]:
    """Return what is left of some spans, in their groups, and what was taken out of all."""
    head, left = span_columns.take_out([one for _, members in groups for one in members])
    rest = iter(left)
    return [(*origin, list(islice(rest, len(members)))) for origin, members in groups], head


def _grouped(spans: Iterable[Span]) -> dict[tuple[bytes, bytes], list[Span]]:
    groups: dict[tuple[bytes, bytes], list[Span]] = defaultdict(list)
    last, add = None, list[Span]().append
    for span in spans:
        origin = span.origin
        if origin is not last:  # spans come in runs of one origin
            last, add = origin, groups[origin.raw_resource, origin.raw_scope].append
        add(span)
    return groups


def _sorted(members: Sequence[Span]) -> list[Span]:
    """Return spans, which come in order of trace, with alike next to alike."""
    return sorted(members, key=lambda one: (one.name, len(one.raw)))


def unpack(data: bytes, trace_ids: Container[bytes], find: Find = nowhere) -> list[StoredSpan]:
    """Return the spans of these traces; BlockDamagedError if the block cannot be read."""
    packed = bytes(data)  # PostgreSQL gives a memoryview
    try:
        return [one for one in _spans(packed, find) if one.trace_id in trace_ids]
    except wire.DecodeError as exc:
        raise BlockDamagedError(f"a block of {len(packed):,} B is damaged: {exc}") from exc


def by_trace(data: bytes, find: Find = nowhere) -> list[bytes]:
    """Return what is squeezed in blocks of one trace each; BlockDamagedError if unreadable."""
    traces: dict[bytes, dict[tuple[bytes, bytes], list[StoredSpan]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for one in unpack(data, EVERY, find):
        traces[one.trace_id][one.raw_resource, one.raw_scope].append(one)
    if not data.startswith(COLUMNS):
        return [frames.body(_rows(groups.items()))[1] for groups in traces.values()]
    found = (_columns(list(groups.items())) for groups in traces.values())
    return [frames.body(groups, head)[1] for groups, head in found]


def _rows(groups: Grouped) -> Iterator[frames.Group]:
    return ((*origin, [one.raw for one in members]) for origin, members in groups)


def _spans(packed: bytes, find: Find) -> Iterator[StoredSpan]:
    if not packed.startswith(COLUMNS):
        for resource, scope, raw in frames.unpack(MAGIC, packed, find):
            yield _whole(resource, scope, raw)
        return
    taken, members = frames.unpack_headed(COLUMNS, packed, span_columns.read, find)
    for one, (resource, scope, left) in zip(taken, members, strict=True):
        if one is None:
            yield _whole(resource, scope, left)
        else:
            raw = span_columns.put_back(one, left)
            yield StoredSpan(one.trace_id, one.span_id, raw, resource, scope)


def _whole(resource: bytes, scope: bytes, raw: bytes) -> StoredSpan:
    sent = wire.SlimSpan.FromString(raw)
    return StoredSpan(sent.trace_id, sent.span_id, raw, resource, scope)


__all__ = ["EVERY", "BlockDamagedError", "StoredSpan", "pack", "unpack"]
