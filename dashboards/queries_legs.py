"""How long the legs of a flow take: working in each step and waiting before it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from dashboards.percentiles import percentile
from slatrack.domain import flows
from slatrack.domain.journeys import Journey as Folded
from slatrack.domain.journeys import StepSeen, fold
from slatrack.tracking.models import Flow, Journey
from slatrack.tracking.packing import unpack_parts

SAMPLE = 400  # the newest journeys that the figures are made of
BILLION = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg over a sample of journeys; times in seconds. `waiting` legs end at `step`."""

    step: str
    waiting: bool
    place: str  # the topic waited in, or the service at work
    count: int
    p50: float
    p95: float
    p99: float


def legs(row: Flow, flow: flows.Flow, *, since: datetime) -> tuple[list[Leg], int]:
    """Return the legs in the order of the flow, and how many journeys they are made of."""
    newest = Journey.objects.filter(flow=row, started_at__gte=since).order_by("-started_at")
    found = newest.values_list("key", "parts")[:SAMPLE]
    journeys = [one for key, parts in found if (one := fold(flow, key, unpack_parts(parts)))]
    return list(_summed(flow, journeys)), len(journeys)


def _summed(flow: flows.Flow, journeys: Iterable[Folded]) -> Iterator[Leg]:
    times: dict[tuple[str, bool], list[float]] = defaultdict(list)
    places: dict[tuple[str, bool], str] = {}
    for journey in journeys:
        for name, waiting, seconds, place in _measured(flow, journey):
            times[name, waiting].append(seconds)
            places[name, waiting] = place or places.get((name, waiting), "")
    for step in flow.steps:
        for waiting in (True, False):
            ordered = sorted(times[step.name, waiting])
            if ordered:
                marks = [percentile(ordered, p) or 0.0 for p in (50, 95, 99)]
                place = places[step.name, waiting]
                yield Leg(step.name, waiting, place, len(ordered), *marks)


def _measured(flow: flows.Flow, journey: Folded) -> Iterator[tuple[str, bool, float, str]]:
    for seen in journey.steps:
        before = _before(flow, journey, seen)
        if before is not None:
            wait = max(0, seen.start - before.end) / BILLION
            yield seen.step, True, wait, seen.sighting.topic or before.sighting.topic or ""
        yield seen.step, False, (seen.end - seen.start) / BILLION, seen.sighting.service


def _before(flow: flows.Flow, journey: Folded, seen: StepSeen) -> StepSeen | None:
    """Return the step that `seen` followed: the last to end of those it may come after."""
    names = flow.step(seen.step).after
    known = [one for name in names if (one := journey.seen(name)) is not None]
    return max(known, key=lambda one: one.end, default=None)
