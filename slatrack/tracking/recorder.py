"""The one writer of spans: load, fold, save, in one transaction per batch.

Consumers and receivers call `record`; nobody else writes traces, journeys or deadlines but the
watcher, which settles what silence decides. Recording the same spans again changes nothing, so a
crash at any point costs a repetition at most: the Kafka offsets move in the same transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import perf_counter

from django.db import transaction

from slatrack import metrics
from slatrack.domain.binding import Event, bind
from slatrack.domain.facts import EMPTY, Fact, TraceFacts, fact, merge
from slatrack.domain.journeys import Part, part
from slatrack.domain.spans import Span
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking import setting_aside, sources, span_blocks
from slatrack.tracking.flows import Flows
from slatrack.tracking.journey_rows import update_journeys
from slatrack.tracking.judging import Moment
from slatrack.tracking.packing import StoredTrace
from slatrack.tracking.trace_rows import load_traces, save_traces


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch changed. `duplicates` are spans that were known, or twice in the batch."""

    spans: int
    new: int
    duplicates: int
    journeys: int
    flips: int


@transaction.atomic
def record(
    spans: Sequence[Span],
    *,
    now: datetime,
    offsets: Sequence[sources.Advance] = (),
    set_aside: Sequence[setting_aside.Aside] = (),
) -> Recorded:
    """Add `spans` to their journeys, decide what they prove, and move the offsets they came with.

    All or nothing. Raises sources.Fenced when an offset is no longer the caller's to move, and
    whatever the database raises; then nothing has happened and the same call may be made again.
    """
    began = perf_counter()
    sources.advance(offsets, now=now)
    setting_aside.store(set_aside, now=now)
    if not spans:
        return Recorded(0, 0, 0, 0, 0)
    flows = flows_in_force.current()
    moment = Moment(now, sources.watermark(now) or now, silent=False)
    batch = _facts(spans, flows)
    new, changed, flips = 0, 0, 0
    while batch:  # again for traces that another consumer was inserting at the same moment
        known = load_traces(batch)
        done = _record_traces(batch, known, spans, now=now)
        updated, flipped = update_journeys(done.parts, flows, moment)
        new, changed, flips = new + done.new, changed + updated, flips + flipped
        batch = {trace_id: batch[trace_id] for trace_id in done.missed}
    recorded = Recorded(len(spans), new, len(spans) - new, changed, flips)
    transaction.on_commit(partial(_count, recorded, began), robust=True)
    return recorded


def _count(recorded: Recorded, began: float) -> None:
    metrics.count_recorded(
        new=recorded.new,
        duplicates=recorded.duplicates,
        journeys=recorded.journeys,
        flips=recorded.flips,
        seconds=perf_counter() - began,
    )


def _facts(spans: Iterable[Span], flows: Flows) -> dict[bytes, list[Fact]]:
    facts: dict[bytes, list[Fact]] = defaultdict(list)
    match, by_name = flows.matcher.match, flows.flows
    for span in spans:
        facts[span.trace_id].append(fact(span, match(span), by_name))
    return dict(facts)


@dataclass(frozen=True, slots=True)
class _Traced:
    """What became of the traces of a batch; a part of None is one that is no more."""

    parts: Mapping[Event, Mapping[bytes, Part | None]]
    new: int
    missed: frozenset[bytes]


def _record_traces(
    batch: Mapping[bytes, list[Fact]],
    known: Mapping[bytes, StoredTrace],
    spans: Sequence[Span],
    *,
    now: datetime,
) -> _Traced:
    changed: dict[bytes, StoredTrace] = {}
    bindings: dict[bytes, dict[Event, Part]] = {}
    for trace_id, facts in batch.items():
        before = known.get(trace_id, StoredTrace(EMPTY, ()))
        after = merge(before.trace, facts)
        if after is not before.trace:
            changed[trace_id] = before._replace(trace=after)
            bindings[trace_id] = contributions(after)
    stored = span_blocks.store(spans, known, changed, bindings, now=now)
    missed = save_traces(stored, known, bindings, now=now)
    parts: dict[Event, dict[bytes, Part | None]] = defaultdict(dict)
    new = 0
    for trace_id in changed.keys() - missed:
        before_facts = known[trace_id].trace if trace_id in known else EMPTY
        new += len(changed[trace_id].trace.facts) - len(before_facts.facts)
        for event, one in _difference(before_facts, bindings[trace_id]).items():
            parts[event][trace_id] = one
    return _Traced(parts, new, missed)


def contributions(trace: TraceFacts) -> dict[Event, Part]:
    """Return what a trace contributes to each event that it knows."""
    return {
        event: part(bound, event[0], trace.facts.keys(), truncated=trace.truncated)
        for event, bound in bind(trace).items()
    }


def _difference(before: TraceFacts, after: Mapping[Event, Part]) -> dict[Event, Part | None]:
    old = contributions(before) if before.facts else {}
    gone: dict[Event, Part | None] = {event: None for event in old if event not in after}
    return gone | {event: one for event, one in after.items() if old.get(event) != one}


__all__ = ["Recorded", "contributions", "record"]
