"""How long the legs of a flow take: working in each step and waiting before it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from dashboards.percentiles import percentile
from slatrack.domain import flows
from slatrack.domain.contrasts import journey_legs
from slatrack.domain.journeys import Journey as Folded
from slatrack.domain.journeys import fold
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
        for leg, length, place in journey_legs(flow, journey):
            times[leg].append(length / BILLION)
            places[leg] = place or places.get(leg, "")
    for step in flow.steps:
        for waiting in (True, False):
            ordered = sorted(times[step.name, waiting])
            if ordered:
                marks = [percentile(ordered, p) or 0.0 for p in (50, 95, 99)]
                place = places[step.name, waiting]
                yield Leg(step.name, waiting, place, len(ordered), *marks)
