"""Two cohorts of a flow's events side by side: counts, times, legs, and what tells them apart.

Counts are of all events. All else is of a random sample of each cohort: ids are hashes of the
events' keys, so the first ones in order of id are chosen by nothing else, and always the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from dashboards.cohorts import By, Cohort, Question, cohorts
from dashboards.percentiles import percentile
from slatrack.domain import flows
from slatrack.domain.contrasts import (
    Contrast,
    Described,
    LegShift,
    contrast,
    leg_shifts,
    leg_times,
    properties,
)
from slatrack.domain.journeys import Journey as Folded
from slatrack.domain.journeys import fold
from slatrack.domain.states import Verdict
from slatrack.domain.statistics.proportions import Interval, difference_interval, share_interval
from slatrack.domain.statistics.ranks import Shift, shift
from slatrack.domain.statistics.tables import Table
from slatrack.tracking.models import Flow, Journey
from slatrack.tracking.packing import unpack_parts

SAMPLE = 2500  # events of each cohort that are looked into
CHUNK = 500


class Event(NamedTuple):
    """One event of a sample."""

    id: UUID
    key: str
    started_at: datetime
    ended_at: datetime | None
    attributes: Mapping[str, Any]
    parts: Any

    @property
    def seconds(self) -> float | None:
        """How long it took end to end; None while it is on its way."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


@dataclass(frozen=True)
class Side:
    """One cohort: how many events, how many kept their deadlines, how long they took."""

    name: str
    count: int = 0
    met: int = 0
    missed: int = 0
    open: int = 0  # on their way
    sample: int = 0
    seconds: Sequence[float] = ()  # of the sample, ordered

    @property
    def judged(self) -> int:
        """How many have an answer."""
        return self.met + self.missed

    @property
    def on_time(self) -> float | None:
        """The share that kept all deadlines, of those with an answer."""
        return self.met / self.judged if self.judged else None

    @property
    def on_time_interval(self) -> Interval:
        """Where that share lies with 95 % confidence."""
        return share_interval(self.met, self.judged)

    @property
    def cut(self) -> bool:
        """Whether only a sample was looked into."""
        return self.sample < self.count

    def mark(self, percent: int) -> float | None:
        """A percentile of the sample's times end to end."""
        return percentile(self.seconds, percent)


@dataclass(frozen=True)
class Compared:
    """What a comparison found."""

    question: Question
    first: Side
    second: Side
    contrast: Contrast = field(default_factory=Contrast)
    legs: Sequence[LegShift] = ()
    took: Shift | None = None
    slow_from: float | None = None  # seconds that tell slow ones from the rest
    events: tuple[Sequence[Event], Sequence[Event]] = ((), ())

    @property
    def on_time_difference(self) -> Interval | None:
        """Where the difference of the shares on time lies; None where one is not known."""
        if not (self.first.judged and self.second.judged):
            return None
        return difference_interval(
            Table(self.first.met, self.first.judged, self.second.met, self.second.judged)
        )


def compared(row: Flow, flow: flows.Flow, question: Question) -> Compared:
    """Answer a question; one with problems is not asked."""
    first, second = cohorts(row, question) if not question.problems else (None, None)
    if first is None or second is None:
        return Compared(question, Side("the first"), Side("the second"))
    if question.by is By.SLOW:
        return _slow(flow, question, first, second)
    one, two = _sampled(first.rows, SAMPLE), _sampled(second.rows, SAMPLE)
    sides = _side(first, one), _side(second, two)
    return _compared(flow, question, sides, (one, two))


def _slow(flow: flows.Flow, question: Question, slow: Cohort, rest: Cohort) -> Compared:
    """Tell the slowest tenth of one sample from its rest."""
    found = _sampled(slow.rows, 2 * SAMPLE)
    times = sorted(one.seconds or 0.0 for one in found)
    limit = times[len(times) * 9 // 10] if times else None
    one = [event for event in found if limit is not None and (event.seconds or 0.0) >= limit]
    two = [event for event in found if limit is None or (event.seconds or 0.0) < limit]
    sides = _sample_side(slow.name, one), _sample_side(rest.name, two)
    return _compared(flow, question, sides, (one, two), slow_from=limit)


def _compared(
    flow: flows.Flow,
    question: Question,
    sides: tuple[Side, Side],
    events: tuple[Sequence[Event], Sequence[Event]],
    *,
    slow_from: float | None = None,
) -> Compared:
    folded = [[_folded(flow, one) for one in some] for some in events]
    described = [
        [_described(event, journey) for event, journey in zip(some, journeys, strict=True)]
        for some, journeys in zip(events, folded, strict=True)
    ]
    apart = (question.name,) if question.by is By.ATTRIBUTE else ()
    whole = [leg_times(flow, [one for one in some if one]) for some in folded]
    return Compared(
        question,
        *sides,
        contrast=contrast(*described, apart=apart),
        legs=leg_shifts(flow, *whole),
        took=shift(sides[0].seconds, sides[1].seconds),
        slow_from=slow_from,
        events=events,
    )


def _described(event: Event, journey: Folded | None) -> Described:
    return Described(event.attributes, properties(journey) if journey else frozenset())


def _folded(flow: flows.Flow, event: Event) -> Folded | None:
    return fold(flow, event.key, unpack_parts(event.parts)) if event.parts else None


def _sampled(rows: QuerySet[Journey], most: int) -> list[Event]:
    ids = list(rows.order_by("id").values_list("id", flat=True)[:most])
    found: list[Event] = []
    for start in range(0, len(ids), CHUNK):
        chunk = Journey.objects.filter(id__in=ids[start : start + CHUNK]).order_by("id")
        columns = ("id", "key", "started_at", "ended_at", "attributes", "parts")
        found += [Event(*values) for values in chunk.values_list(*columns)]
    return found


def _side(cohort: Cohort, sample: Sequence[Event]) -> Side:
    counted = cohort.rows.aggregate(
        count=Count("pk"),
        met=Count("pk", filter=Q(verdict=Verdict.MET.value)),
        missed=Count("pk", filter=Q(verdict=Verdict.MISSED.value)),
        open=Count("pk", filter=Q(ended_at=None)),
    )
    return Side(cohort.name, **counted, sample=len(sample), seconds=_seconds(sample))


def _sample_side(name: str, sample: Sequence[Event]) -> Side:
    count = len(sample)
    return Side(name, count, sample=count, seconds=_seconds(sample))


def _seconds(sample: Sequence[Event]) -> list[float]:
    return sorted(one.seconds for one in sample if one.seconds is not None)
