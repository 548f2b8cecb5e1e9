"""Where two cohorts spend their time: each leg of the flow, one beside the other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from slatrack.domain.flows import Flow
from slatrack.domain.journeys import Journey, StepSeen
from slatrack.domain.statistics.many import holm
from slatrack.domain.statistics.ranks import Shift, shift

BILLION = 1_000_000_000


class LegName(NamedTuple):
    """Working in `step`, or waiting for it."""

    step: str
    waiting: bool


class LegTime(NamedTuple):
    """How long one event took on a leg, in nanoseconds; the topic or service where it was."""

    leg: LegName
    length: int
    place: str


LegTimes = Mapping[LegName, Sequence[float]]


@dataclass(frozen=True, slots=True)
class LegShift:
    """One leg in both cohorts; seconds. `p` is corrected for the number of legs."""

    leg: LegName
    shift: Shift
    p: float
    count: int
    other_count: int


def leg_times(flow: Flow, journeys: Iterable[Journey]) -> LegTimes:
    """Return how long the events took on each leg, in seconds."""
    times: dict[LegName, list[float]] = defaultdict(list)
    for journey in journeys:
        for leg, length, _ in journey_legs(flow, journey):
            times[leg].append(length / BILLION)
    return times


def leg_shifts(flow: Flow, first: LegTimes, second: LegTimes) -> list[LegShift]:
    """Return the legs that both cohorts passed, in the order of the flow."""
    legs = [LegName(step.name, waiting) for step in flow.steps for waiting in (True, False)]
    shifts = [(leg, shift(first.get(leg, ()), second.get(leg, ()))) for leg in legs]
    known = [(leg, one) for leg, one in shifts if one is not None]
    corrected = holm([one.p for _, one in known])
    return [
        LegShift(leg, one, p, len(first[leg]), len(second[leg]))
        for (leg, one), p in zip(known, corrected, strict=True)
    ]


def journey_legs(flow: Flow, journey: Journey) -> Iterator[LegTime]:
    """Yield the legs of one journey: waiting for each step, then working in it."""
    for seen in journey.steps:
        before = _before(flow, journey, seen)
        if before is not None:
            place = seen.sighting.topic or before.sighting.topic or ""
            yield LegTime(LegName(seen.step, True), max(0, seen.start - before.end), place)
        yield LegTime(LegName(seen.step, False), seen.end - seen.start, seen.sighting.service)


def _before(flow: Flow, journey: Journey, seen: StepSeen) -> StepSeen | None:
    """The step that `seen` followed: the last to end of those it may come after."""
    known = [one for name in flow.step(seen.step).after if (one := journey.seen(name)) is not None]
    return max(known, key=lambda one: one.end, default=None)
