"""The one writer of spans: load, fold, save, in one transaction per batch.

Consumers and receivers call `record`; nobody else writes traces, journeys or deadlines but the
watcher, which settles what silence decides. Recording the same spans again changes nothing, so a
crash at any point costs a repetition at most: the Kafka offsets move in the same transaction.
"""

import logging
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from time import perf_counter

from django.db import OperationalError, transaction

from slatrack import metrics
from slatrack.domain.binding import Event
from slatrack.domain.facts import merge
from slatrack.domain.instants import to_nanoseconds
from slatrack.domain.parts import Part, contributions
from slatrack.domain.spans import Span
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking import heard, joining, log_store, setting_aside, sources, span_blocks, store
from slatrack.tracking.journey_rows import update_journeys
from slatrack.tracking.packing import NEW, StoredTrace
from slatrack.tracking.reducing import Reduced, reduce
from slatrack.tracking.trace_rows import claim_traces, difference, load_traces, save_traces

logger = logging.getLogger(__name__)

MOST_RACES = 100  # each lost race means that another writer got on
CROWDED = timedelta(minutes=1)  # after a lost race others are taken to be at the same traces

_crowded_until = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch changed. `duplicates` are spans that were known, or twice in the batch."""

    spans: int
    new: int
    duplicates: int
    journeys: int
    flips: int


def record(
    spans: Sequence[Span],
    *,
    now: datetime,
    offsets: Sequence[sources.Advance] = (),
    set_aside: Sequence[setting_aside.Aside] = (),
    logs: log_store.Arrived | None = None,
    origins: Sequence[heard.Origin] = (),
) -> Recorded:
    """Add `spans` to their journeys, decide what they prove, and move the offsets they came with.

    All or nothing. Raises sources.Fenced when an offset is no longer the caller's to move, and
    whatever the database raises; then nothing has happened and the same call may be made again.
    What the spans tell other traces is worked out right after (slatrack.tracking.joining).
    `origins` says which topics the spans came by.
    """
    began = perf_counter()
    for _ in range(MOST_RACES):
        try:
            with transaction.atomic():
                sources.advance(offsets, now=now)
                setting_aside.store(set_aside, now=now)
                if logs is not None:
                    log_store.store(logs, now=now)
                done = _record(spans, now=now) if spans else Recorded(0, 0, 0, 0, 0)
        except store.Raced:
            # Another writer was inserting one of these rows; now that it is there, it is loaded
            # and locked in order with the others, which is what keeps writers from deadlock. To
            # lose a race costs a batch; to claim its traces first costs a little of each batch.
            _crowd(now)
            logger.debug("another writer was first; recording the batch again")
        else:
            joined, flips = joining.join_all(now=now)
            done = replace(done, journeys=done.journeys + joined, flips=done.flips + flips)
            _count(done, seconds=perf_counter() - began)
            _time(spans, now=now)
            heard.note(spans, now=now, origins=origins)
            return done
    raise OperationalError(f"other writers were first {MOST_RACES} times running: record it again")


def _crowd(now: datetime) -> None:
    global _crowded_until
    _crowded_until = now + CROWDED


def _count(done: Recorded, *, seconds: float) -> None:
    metrics.count_recorded(
        new=done.new,
        duplicates=done.duplicates,
        journeys=done.journeys,
        flips=done.flips,
        seconds=seconds,
    )


def _time(spans: Sequence[Span], *, now: datetime) -> None:
    """Measure how old the newest span of a batch is, with its trace as example."""
    if spans:
        newest = max(spans, key=attrgetter("end"))
        age = (to_nanoseconds(now) - newest.end) / 1e9
        metrics.DELAY.observe(max(0.0, age), {"trace_id": newest.trace_id.hex()})


def _record(spans: Sequence[Span], *, now: datetime) -> Recorded:
    flows = flows_in_force.current()
    moment = sources.watermarks(now).moment(now, silent=False)
    parts, new = _record_traces(reduce(spans, flows), now=now)
    changed, flips = update_journeys(parts, flows, moment)
    return Recorded(len(spans), new, len(spans) - new, changed, flips)


def _record_traces(
    batch: Reduced, *, now: datetime
) -> tuple[dict[Event, dict[bytes, Part | None]], int]:
    """Save what traces gained; return what changes for which event, and the number of new spans.

    A part of None is one that is no more. A new trace that is not `speaking` belongs to no event
    and shares nothing with another trace: nobody need ask.
    """
    if now < _crowded_until:
        claim_traces(batch.traces, now=now)
    known = load_traces(batch.traces)
    batch.hear(known)
    changed: dict[bytes, StoredTrace] = {}
    bindings: dict[bytes, dict[Event, Part]] = {}
    for trace_id, facts in batch.facts.items():
        before = known.get(trace_id, NEW)
        after = merge(before.trace, facts)
        if after is not before.trace:
            changed[trace_id] = StoredTrace(after, before.blocks, before.bound)
            asked = before is not NEW or trace_id in batch.speaking
            bindings[trace_id] = contributions(after) if asked else {}
    blocks = span_blocks.store(batch.spans, known, changed, bindings, mute=batch.mute, now=now)
    save_traces(changed, known, bindings, blocks, mute=batch.mute, now=now)
    _note(batch, known, changed, now=now)
    parts: dict[Event, dict[bytes, Part | None]] = defaultdict(dict)
    new = sum(map(len, batch.mute.values()))
    for trace_id, one in changed.items():
        before = known.get(trace_id, NEW)
        new += len(one.trace.facts) - len(before.trace.facts)
        if before is not NEW or bindings[trace_id]:
            for event, part_now in difference(before, bindings[trace_id]).items():
                parts[event][trace_id] = part_now
    return parts, new


def _note(
    batch: Reduced,
    known: Container[bytes],
    changed: Mapping[bytes, StoredTrace],
    *,
    now: datetime,
) -> None:
    """Leave an errand for traces that have something to tell others."""
    telling = (one for one in changed if one in known or one in batch.speaking)
    joining.note({one: (changed[one].trace, batch.facts[one]) for one in telling}, now=now)
