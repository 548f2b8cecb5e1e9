"""Attempts: the spans that prove one step of one event, and what they come to.

A step that is expected N times is reached when N distinct records were handled well. One record
that is handled twice is one record with two attempts.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import NamedTuple

from slatrack.domain.binding import BoundBy
from slatrack.domain.families import ONCE
from slatrack.domain.flows import Flow, Step
from slatrack.domain.parts import Sighting

BySpan = Mapping[tuple[bytes, bytes], Sighting]  # by trace id and span id

_STRENGTH = [by.value for by in BoundBy]


class StepSeen(NamedTuple):
    """One step of one journey as far as it is known.

    `reached` is the end of the good attempt that completed it, `proven` whether that one is surely
    this event's and `started` whether the first attempt is: not so where all they have in common is
    the trace. `error` tells how the last attempt ended.
    """

    step: str
    start: int
    end: int
    attempts: int
    error: bool
    reached: int | None
    proven: bool
    started: bool
    sighting: Sighting  # the last attempt, for service and place
    by: str  # the strongest binding among the attempts
    times: int | None = 1  # how many were expected; None: as many as come, for it is not known
    good: int = 1  # how many distinct ones were


def step_seen(
    step: Step, sightings: Collection[Sighting], attributes: Mapping[str, object]
) -> StepSeen:
    """Return what the sightings of a step come to; `attributes` may say how many there must be."""
    times = 1 if step.times is ONCE else step.times.of(attributes)
    needed = max(times or 1, 1)
    if times == 1 and len(sightings) == 1:
        return _seen_once(step.name, *sightings)
    attempts = sorted(sightings, key=lambda s: (s.end, s.start, s.span_id))
    good = _records(s for s in attempts if not s.error)
    reached = good[needed - 1] if len(good) >= needed else None
    first = min(attempts, key=lambda s: (s.start, s.by == BoundBy.TRACE))
    return StepSeen(
        step=step.name,
        start=first.start,
        end=attempts[-1].end,
        attempts=len(attempts),
        error=attempts[-1].error and reached is None,
        reached=reached.end if reached else None,
        proven=reached is not None and reached.by != BoundBy.TRACE and times is not None,
        started=first.by != BoundBy.TRACE,
        sighting=attempts[-1],
        by=min((s.by for s in attempts), key=_STRENGTH.index),
        times=times,
        good=len(good),
    )


def _seen_once(step: str, one: Sighting) -> StepSeen:
    sure, good = one.by != BoundBy.TRACE, not one.error
    reached = one.end if good else None
    return StepSeen(
        step, one.start, one.end, 1, one.error, reached, good and sure, sure, one, one.by,
        1, int(good),
    )  # fmt: skip


def _records(good: Iterable[Sighting]) -> list[Sighting]:
    """The first good attempt at each distinct record, in the order given."""
    first: dict[Hashable, Sighting] = {}
    for one in good:
        first.setdefault(_record(one), one)
    return list(first.values())


def _record(one: Sighting) -> Hashable:
    """What was handled: the message, where the span says which, else what the span itself did."""
    if one.topic and one.offset is not None:
        return one.topic, one.partition, one.offset
    return one.span_id, one.start, one.end


def without_duplicates(
    flow: Flow, by_step: Mapping[str, BySpan]
) -> tuple[Mapping[str, BySpan], int]:
    """Leave out second submissions and what followed in their traces; return how many there were.

    They count all the same at a step that the first submission did not pass well: what was
    reported was reported.
    """
    first, again = _submissions(flow, by_step)
    if not again:
        return by_step, 0
    second = {trace_id for trace_id, _ in again} - {trace_id for trace_id, _ in first}
    kept: dict[str, BySpan] = {}
    for step, sightings in by_step.items():
        own = {
            span: one
            for span, one in sightings.items()
            if span[0] not in second and not (span in again and step in flow.ingress)
        }
        kept[step] = own if any(not one.error for one in own.values()) else sightings
    return kept, len(again)


def _submissions(
    flow: Flow, by_step: Mapping[str, BySpan]
) -> tuple[set[tuple[bytes, bytes]], set[tuple[bytes, bytes]]]:
    """The spans of good submissions that were expected, and those of the ones beyond them."""
    first: set[tuple[bytes, bytes]] = set()
    again: set[tuple[bytes, bytes]] = set()
    for step in flow.ingress & by_step.keys():
        good = [(one.start, span, one) for span, one in by_step[step].items() if not one.error]
        known: dict[Hashable, tuple[bytes, bytes]] = {}
        for _, span, one in sorted(good, key=lambda found: found[:2]):
            known.setdefault(_record(one), span)
        spans = list(known.values())
        first.update(spans[: flow.step(step).times.number])
        again.update(spans[flow.step(step).times.number :])
    return first, again - first
