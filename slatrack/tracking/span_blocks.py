"""Raw spans at rest: packed into blocks as received, a few hundred spans each.

Traces that may become journeys share blocks that stay; the others are parked, in blocks that
expire. When a parked trace turns out to belong to an event, its spans move to a block that stays.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import Any
from uuid import UUID

from slatrack.domain.spans import NO_ATTRIBUTES, Origin, Span
from slatrack.otlp import blocks
from slatrack.tracking import dictionaries, models
from slatrack.tracking.dictionary_models import Kind
from slatrack.tracking.packing import StoredTrace
from slatrack.tracking.store import chunks, insert_numbered

logger = logging.getLogger(__name__)

COLUMNS = ("created_at", "bound", "spans", "data")
SPANS_PER_BLOCK = 500
_trace_id = attrgetter("trace_id")


def store(
    spans: Sequence[Span],
    known: Mapping[bytes, StoredTrace],
    changed: Mapping[bytes, StoredTrace],
    bound: Mapping[bytes, Any],
    *,
    mute: Mapping[bytes, Sequence[Span]] = MappingProxyType({}),
    now: datetime,
) -> dict[bytes, list[int]]:
    """Store the spans that `changed` traces gained, and those of `mute` traces, which are new.

    Return by trace the blocks that it gained.
    """
    kept: list[Span] = []
    parked: list[Span] = []
    staying = {one for one, trace in changed.items() if bound[one] or _promising(trace)}
    keep, park = kept.append, parked.append
    for span in _gained(spans, known, changed):
        (keep if span.trace_id in staying else park)(span)
    kept += _moved(known, changed, bound)
    parked += chain.from_iterable(mute[one] for one in sorted(mute))
    added: dict[bytes, list[int]] = defaultdict(list)
    for group, is_bound in ((kept, True), (parked, False)):
        for chunk, row_id in _write(group, bound=is_bound, now=now):
            for trace_id in set(map(_trace_id, chunk)):
                added[trace_id].append(row_id)
    return added


def _gained(
    spans: Sequence[Span], known: Mapping[bytes, StoredTrace], changed: Mapping[bytes, StoredTrace]
) -> Iterator[Span]:
    seen: set[tuple[bytes, bytes]] = set()
    arrived = Counter(map(_trace_id, spans))
    whole = {  # traces that were not there before, and of which no span is here twice
        one
        for one, trace in changed.items()
        if one not in known and len(trace.trace.facts) == arrived[one]
    }
    if len(whole) == len(arrived):
        yield from spans
        return
    for span in spans:
        if span.trace_id in whole:
            yield span
            continue
        place = (span.trace_id, span.span_id)
        trace = changed.get(span.trace_id)
        if trace is None or place in seen or span.span_id not in trace.trace.facts:
            continue  # nothing new, or left out because its trace is too long
        seen.add(place)
        before = known.get(span.trace_id)
        if before is None or span.span_id not in before.trace.facts:
            yield span


def _promising(trace: StoredTrace) -> bool:
    return any(one.steps or one.keys for one in trace.trace.facts.values())


def _moved(
    known: Mapping[bytes, StoredTrace],
    changed: Mapping[bytes, StoredTrace],
    bound: Mapping[bytes, Any],
) -> list[Span]:
    """The spans of traces that were parked until now and turn out to belong to an event."""
    traces = {
        trace_id: known[trace_id].blocks
        for trace_id in changed
        if bound[trace_id] and trace_id in known and not known[trace_id].bound
    }
    return [
        _bare(stored)
        for some in chunks({block for ids in traces.values() for block in ids})
        for row_id, data in models.SpanBlock.objects.filter(id__in=some, bound=False).values_list(
            "id", "data"
        )
        for stored in _unpacked(row_id, bytes(data), traces)
    ]


def _unpacked(row_id: int, data: bytes, traces: Container[bytes]) -> list[blocks.StoredSpan]:
    """Unpack a block; one that is damaged is told and stops nothing."""
    try:
        return blocks.unpack(data, traces, dictionaries.find)
    except blocks.BlockDamagedError:
        logger.exception("span block %d cannot be read; its raw spans are gone", row_id)
        return []


def traces_in(block: models.SpanBlock) -> set[UUID] | None:
    """Return the traces of which a block holds spans; None where it cannot be read."""
    try:
        found = blocks.unpack(bytes(block.data), blocks.EVERY, dictionaries.find)
        return {UUID(bytes=one.trace_id) for one in found}
    except blocks.BlockDamagedError:
        return None


def _bare(stored: blocks.StoredSpan) -> Span:
    """A span with no more than what packing needs."""
    origin = Origin({}, "", stored.raw_resource, stored.raw_scope)
    return Span(
        stored.trace_id, stored.span_id, b"", 0, "", 0, 0, False, "", None, None, None, None,
        NO_ATTRIBUTES, (), 0, origin, stored.raw,
    )  # fmt: skip


def _write(
    spans: Sequence[Span], *, bound: bool, now: datetime
) -> Iterator[tuple[Sequence[Span], int]]:
    ordered = sorted(spans, key=_trace_id)
    packs = [ordered[n : n + SPANS_PER_BLOCK] for n in range(0, len(ordered), SPANS_PER_BLOCK)]
    few = dictionaries.squeezer(Kind.SPANS) if packs else None
    rows = [(now, bound, len(one), blocks.pack(one, few=few, to_stay=bound)) for one in packs]
    yield from zip(packs, insert_numbered(models.SpanBlock, COLUMNS, rows), strict=True)


def load(traces: Mapping[bytes, Sequence[int]]) -> list[blocks.StoredSpan]:
    """Return the stored spans of some traces, given the blocks of each; each span once."""
    found: dict[tuple[bytes, bytes], blocks.StoredSpan] = {}
    for some in chunks({block for ids in traces.values() for block in ids}):
        rows = models.SpanBlock.objects.filter(id__in=some).order_by("id")
        for row_id, data in rows.values_list("id", "data"):
            for stored in _unpacked(row_id, bytes(data), traces):
                found.setdefault((stored.trace_id, stored.span_id), stored)
    return list(found.values())
