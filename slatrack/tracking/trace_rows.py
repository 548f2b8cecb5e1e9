"""Traces at rest: loading them locked, saving them without losing what another writer added."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from slatrack.domain.binding import Event
from slatrack.domain.parts import Part, contributions
from slatrack.domain.spans import Span
from slatrack.tracking import models, store
from slatrack.tracking.packing import NEW, StoredTrace, pack_mute, pack_trace, unpack_trace

COLUMNS = ("id", "state", "bound", "spans", "created_at")


def claim_traces(trace_ids: Collection[bytes], *, now: datetime) -> None:
    """Make rows for the traces that have none, so that no other writer can insert them first."""
    nothing = pack_trace(NEW)
    ids = [UUID(bytes=trace_id) for trace_id in sorted(trace_ids)]
    store.claim(models.Trace, COLUMNS, [(one, nothing, False, 0, now) for one in ids])


def load_traces(trace_ids: Collection[bytes]) -> dict[bytes, StoredTrace]:
    """Return the known ones of some traces, locked until the transaction ends, in order of id."""
    ids = [UUID(bytes=trace_id) for trace_id in trace_ids]
    rows = store.select(models.Trace, ("id", "state", "bound"), ids, lock=True)
    return {row_id.bytes: unpack_trace(state, bound=bound) for row_id, state, bound in rows}


def read_traces(trace_ids: Collection[bytes]) -> dict[bytes, StoredTrace]:
    """Return the known ones of some traces as they are now, not locked."""
    ids = [UUID(bytes=trace_id) for trace_id in trace_ids]
    rows = store.select(models.Trace, ("id", "state", "bound"), ids)
    return {row_id.bytes: unpack_trace(state, bound=bound) for row_id, state, bound in rows}


def difference(before: StoredTrace, after: Mapping[Event, Part]) -> dict[Event, Part | None]:
    """Return what a trace contributes now and did not before; None for what is no more."""
    old = contributions(before.trace) if before.bound else {}
    gone: dict[Event, Part | None] = {event: None for event in old if event not in after}
    return gone | {event: one for event, one in after.items() if old.get(event) != one}


def save_traces(
    changed: Mapping[bytes, StoredTrace],
    known: Mapping[bytes, StoredTrace],
    bound: Mapping[bytes, Any],
    gained: Mapping[bytes, Sequence[int]],
    *,
    mute: Mapping[bytes, Sequence[Span]] = MappingProxyType({}),
    now: datetime,
) -> None:
    """Write `changed`, and `mute` traces. Raises store.Raced when another writer has inserted one
    of them meanwhile.

    `bound` tells by trace id whether the trace belongs to any event, `gained` which blocks of raw
    spans came to it. `created_at` is set once.
    """
    updates: list[tuple[Any, ...]] = []
    inserts: list[tuple[Any, ...]] = []
    for trace_id in sorted((*changed, *mute)):
        row_id, blocks = UUID(bytes=trace_id), gained.get(trace_id, ())
        if trace_id in mute:
            spans = mute[trace_id]
            inserts.append((row_id, pack_mute(spans, tuple(blocks)), False, len(spans), now))
            continue
        stored = changed[trace_id]
        stored = StoredTrace(stored.trace, (*stored.blocks, *blocks), stored.bound)
        row = (row_id, pack_trace(stored), bool(bound[trace_id]), len(stored.trace.facts), now)
        (updates if trace_id in known else inserts).append(row)
    store.update(models.Trace, COLUMNS[:4], [row[:4] for row in updates])
    store.insert(models.Trace, COLUMNS, inserts)
