"""How long events lately worked in each step of a flow and waited on each leg."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from dashboards.percentiles import percentile
from slatrack.domain import flows
from slatrack.domain.journeys import Journey as Folded
from slatrack.domain.journeys import fold
from slatrack.domain.legs import legs
from slatrack.tracking.models import Flow, Journey
from slatrack.tracking.packing import unpack_parts

ENDED, BEGUN = 300, 100  # the newest journeys that the figures are made of
BILLION = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Times:
    """How long `count` events took, in seconds."""

    count: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a sample of events tells of the steps and of the legs between them."""

    sample: int = 0
    working: Mapping[str, Times] = field(default_factory=dict)
    waiting: Mapping[tuple[str, str], Times] = field(default_factory=dict)
    retried: Mapping[str, int] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    topics: Mapping[tuple[str, str], str] = field(default_factory=dict)


def measured(row: Flow, flow: flows.Flow, *, since: datetime) -> Measured:
    """Return what the newest events tell that ended since then, and those that are on their way.

    Those that ended first: where all are stuck, the newest tell nothing of the steps ahead.
    """
    mine = Journey.objects.filter(flow=row)
    # `~Q(ended_at=None)` is what SQLite knows its index by.
    ended = mine.filter(~Q(ended_at=None), ended_at__gte=since).order_by("-ended_at")
    begun = mine.filter(ended_at=None, started_at__gte=since).order_by("-started_at")
    found = [row for some, most in ((ended, ENDED), (begun, BEGUN)) for row in _packed(some, most)]
    return _summed([one for key, parts in found if (one := fold(flow, key, unpack_parts(parts)))])


def _packed(rows: QuerySet[Journey], most: int) -> list[tuple[str, Any]]:
    return list(rows.values_list("key", "parts")[:most])


def _summed(journeys: Iterable[Folded]) -> Measured:
    working: dict[str, list[int]] = defaultdict(list)
    waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
    retried: Counter[str] = Counter()
    services: dict[str, str] = {}
    topics: dict[tuple[str, str], str] = {}
    count = 0
    for count, journey in enumerate(journeys, 1):  # noqa: B007 (the last one is the count)
        for seen in journey.steps:
            working[seen.step].append(seen.end - seen.start)
            retried[seen.step] += seen.attempts > 1
            services.setdefault(seen.step, seen.sighting.service)
        for leg in legs(journey):
            ends = leg.before, leg.after
            waiting[ends].append(leg.waiting)
            if ends not in topics and (topic := _topic(journey, *ends)):
                topics[ends] = topic
    return Measured(
        count,
        {name: _times(lengths) for name, lengths in working.items()},
        {ends: _times(lengths) for ends, lengths in waiting.items()},
        dict(retried),
        services,
        topics,
    )


def _topic(journey: Folded, before: str, after: str) -> str:
    ends = journey.seen(after), journey.seen(before)
    return next((seen.sighting.topic for seen in ends if seen and seen.sighting.topic), "")


def _times(lengths: list[int]) -> Times:
    ordered = [length / BILLION for length in sorted(lengths)]
    return Times(len(ordered), percentile(ordered, 50) or 0.0, percentile(ordered, 95) or 0.0)
