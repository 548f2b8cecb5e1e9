"""Legs and gaps: what lies between the steps of a journey, which steps are missing, and why."""

from dataclasses import dataclass
from datetime import datetime

from slatrack.domain.deadlines import PATIENCE
from slatrack.domain.flows import Flow
from slatrack.domain.journeys import Journey, StepSeen
from slatrack.domain.states import Status


@dataclass(frozen=True, slots=True)
class Leg:
    """What lies between two steps, in nanoseconds.

    `working` is from the start of the first step to its good end, `waiting` from there to the start
    of the next. `skew` is how much the effect seems to precede its cause; it is never subtracted.
    `partial`: a step between the two was not seen.
    """

    before: str
    after: str
    waiting: int
    working: int
    skew: int
    partial: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A required step that was not seen, and why."""

    step: str
    reason: str


def legs(journey: Journey) -> list[Leg]:
    """Return the legs into each seen step, from the steps that it may follow."""
    return [
        _leg(journey.seen(name), seen, partial=partial)
        for seen in journey.steps
        for name, partial in _before(journey, seen.step)
    ]


def _before(journey: Journey, step: str) -> list[tuple[str, bool]]:
    """The nearest seen steps before `step`, and whether one between was not seen."""
    found: dict[str, bool] = {}
    queue = dict.fromkeys((name, False) for name in journey.flow.step(step).after)
    done: set[tuple[str, bool]] = set()
    while queue:
        name, partial = here = next(iter(queue))
        del queue[here]
        done.add(here)
        if journey.seen(name):
            found[name] = found.get(name, True) and partial
            continue
        hidden = partial or journey.flow.step(name).required
        ways = [(earlier, hidden) for earlier in journey.flow.step(name).after]
        queue |= {way: None for way in ways if way not in done}
    return list(found.items())


def _leg(before: StepSeen | None, after: StepSeen, *, partial: bool) -> Leg:
    if before is None:
        raise ValueError("a leg starts at a step that was seen")
    produced = min(before.end if before.reached is None else before.reached, after.start)
    return Leg(
        before=before.step,
        after=after.step,
        waiting=max(0, after.start - max(produced, before.start)),
        working=max(0, produced - before.start),
        skew=max(0, before.start - after.start),
        partial=partial,
    )


def gaps(journey: Journey, status: Status, *, now: datetime, watermark: datetime) -> list[Gap]:
    """Return the required steps that were not seen, in the flow's order."""
    passed = _passed(journey)
    late = watermark < now - PATIENCE
    found = []
    for step in journey.flow.steps:
        if not step.required or journey.seen(step.name):
            continue
        if step.name in passed or status in (Status.DONE, Status.LOST):
            found.append(Gap(step.name, "missing"))
        else:
            found.append(Gap(step.name, "telemetry late" if late else "not yet"))
    return found


def _passed(journey: Journey) -> set[str]:
    """The steps that come before a seen one, directly or not."""
    return {name for seen in journey.steps for name in _ancestors(journey.flow, seen.step)}


def _ancestors(flow: Flow, step: str) -> set[str]:
    names: set[str] = set()
    queue = list(flow.step(step).after)
    while queue:
        name = queue.pop()
        if name not in names:
            names.add(name)
            queue += flow.step(name).after
    return names
