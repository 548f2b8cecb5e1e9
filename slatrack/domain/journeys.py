"""The fold: from what each trace contributes to one event's journey.

Pure: the same spans give the same journey in any order, batching or repetition. Times are integer
nanoseconds since 1970 UTC throughout; `slatrack.domain.instants` turns them into datetimes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from slatrack.domain.binding import BoundBy
from slatrack.domain.flows import Flow
from slatrack.domain.parts import Part, Sighting, earliest
from slatrack.domain.states import Status


class StepSeen(NamedTuple):
    """One step of one journey as far as it is known.

    `reached` is the end of the first good attempt, `proven` whether that one is surely this event's
    and `started` whether the first attempt is: not so where all they have in common is the trace.
    `error` tells how the last attempt ended.
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


@dataclass(frozen=True)
class Journey:
    """One event's way through one flow. `steps` are in the order of the flow document."""

    flow: Flow
    key: str
    steps: tuple[StepSeen, ...]
    start: int
    end: int
    spans: int
    traces: tuple[bytes, ...]
    complete: bool
    truncated: bool
    attributes: Mapping[str, str | int | float | bool]

    @cached_property
    def _by_name(self) -> dict[str, StepSeen]:
        return {seen.step: seen for seen in self.steps}

    def seen(self, step: str) -> StepSeen | None:
        """Return what is known of `step`; None if it was not seen."""
        return self._by_name.get(step)

    @cached_property
    def last(self) -> StepSeen:
        """The step that the event was last seen to enter: where it is now."""
        latest = max(seen.start for seen in self.steps)  # of several, the flow's last
        return next(seen for seen in reversed(self.steps) if seen.start == latest)

    @cached_property
    def ingress(self) -> StepSeen | None:
        """The first ingress step seen."""
        seen = [s for s in self.steps if s.step in self.flow.ingress]
        return min(seen, key=lambda s: s.start, default=None)

    @property
    def started(self) -> int:
        """The start of ingress; while ingress was not seen, the first sign of the event."""
        return self.ingress.start if self.ingress else self.start

    @cached_property
    def status(self) -> Status:
        """In flight, done or failed, as the spans tell (silence is the watcher's matter)."""
        ends = [self.seen(name) for name in self.flow.ends]
        if ends and all(s is not None and s.reached is not None for s in ends):
            return Status.DONE
        return Status.FAILED if self.last.error else Status.IN_FLIGHT

    @property
    def ended(self) -> int | None:
        """When the last required end was first reached well; None while the event is on its way."""
        ends = [s.reached for s in self.steps if s.step in self.flow.ends and s.reached is not None]
        return max(ends) if self.status is Status.DONE else None


def fold(flow: Flow, key: str, parts: Mapping[bytes, Part]) -> Journey | None:
    """Return the journey that the parts, by trace id, make; None if they prove no step."""
    names = flow.order
    by_step: dict[str, dict[tuple[bytes, bytes], Sighting]] = defaultdict(dict)
    for trace_id, one in parts.items():
        for sighting in one.sightings:
            if sighting.step in names:
                by_step[sighting.step][trace_id, sighting.span_id] = sighting
    if not by_step:
        return None
    steps = tuple(
        _step_seen(s.name, by_step[s.name].values()) for s in flow.steps if s.name in by_step
    )
    return Journey(
        flow=flow,
        key=key,
        steps=steps,
        start=min(p.start for p in parts.values()),
        end=max(p.end for p in parts.values()),
        spans=sum(p.spans for p in parts.values()),
        traces=tuple(sorted(parts, key=lambda t: (parts[t].start, t))),
        complete=not any(p.orphans or p.truncated for p in parts.values()),
        truncated=any(p.truncated for p in parts.values()),
        attributes=_attributes(parts.values(), flow),
    )


_STRENGTH = [by.value for by in BoundBy]


def _step_seen(step: str, sightings: Collection[Sighting]) -> StepSeen:
    if len(sightings) == 1:
        return _seen_once(step, *sightings)
    attempts = sorted(sightings, key=lambda s: (s.end, s.start, s.span_id))
    good = [s for s in attempts if not s.error]
    first = min(attempts, key=lambda s: (s.start, s.by == BoundBy.TRACE))
    return StepSeen(
        step=step,
        start=first.start,
        end=attempts[-1].end,
        attempts=len(attempts),
        error=attempts[-1].error and not good,
        reached=good[0].end if good else None,
        proven=bool(good) and good[0].by != BoundBy.TRACE,
        started=first.by != BoundBy.TRACE,
        sighting=attempts[-1],
        by=min((s.by for s in attempts), key=_STRENGTH.index),
    )


def _seen_once(step: str, one: Sighting) -> StepSeen:
    sure, good = one.by != BoundBy.TRACE, not one.error
    reached = one.end if good else None
    return StepSeen(
        step, one.start, one.end, 1, one.error, reached, good and sure, sure, one, one.by
    )


def _attributes(parts: Iterable[Part], flow: Flow) -> dict[str, str | int | float | bool]:
    if not flow.kept:
        return {}
    found = earliest(c for p in parts for c in p.captured if c[0] in flow.kept)
    return {name: value for name, _, value in found}
