"""Where the events of a flow are now: how many at each step, and how they stand."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Min, Value

from dashboards.dear import Dear
from dashboards.queries_board import lane_rules
from dashboards.queries_under_way import ON_THE_WAY
from slatrack.domain.states import Verdict
from slatrack.gently import rests
from slatrack.tracking.models import Flip, Flow, Journey, UnroutedFlip

_counts = Dear()


@dataclass(frozen=True, slots=True)
class Place:
    """The events at one place: at work in a step, or waiting after it.

    `late` and `failed` are no part of each other; `since` is the longest there that is not failed.
    """

    count: int = 0
    late: int = 0
    at_risk: int = 0
    failed: int = 0
    since: datetime | None = None

    @property
    def moving(self) -> int:
        """How many have not failed."""
        return self.count - self.failed

    @property
    def hue(self) -> str:
        """Return how late the events here are, as a hue name; empty where all is well."""
        if self.late or self.failed:
            return "missed"
        return "at-risk" if self.at_risk else ""


NOBODY = Place()


def places(flow: Flow, *, now: datetime) -> dict[tuple[str, bool], Place]:
    """Return the events that have not ended by (step, working), counted as the board's lanes.

    Where these are very many, as they were a moment ago.
    """
    return _counts.ask(
        flow.pk, lambda: _counted(flow, now), lambda found: sum(one.count for one in found.values())
    )


def _counted(flow: Flow, now: datetime) -> dict[tuple[str, bool], Place]:
    which = lane_rules(now)
    rows = (
        # A sum, lest SQLite walk all history of the flow instead of what is in flight.
        Journey.objects.annotate(of=F("flow_id") + Value(0))
        .filter(rests(), of=flow.pk, ended_at=None, status__in=ON_THE_WAY)
        .order_by()
        .values_list("step", "working")
        .annotate(
            Count("id"),
            late=Count("id", filter=which["missed"]),
            at_risk=Count("id", filter=which["due_soon"] | which["at_risk"]),
            failed=Count("id", filter=which["failed"]),
            since=Min("step_at", filter=~which["failed"]),
        )
    )
    return {(step, working): Place(*numbers) for step, working, *numbers in rows}


def missed_at(flow: Flow, *, since: datetime) -> dict[str, int]:
    """Return how many events missed a deadline from then on, by the step where they stood.

    One whose verdict was turned since is not counted.
    """
    found: Counter[str] = Counter()
    for model in (UnroutedFlip, Flip):  # in this order: what is taken up meanwhile is counted
        flips = model.objects.filter(
            about=Flip.About.VERDICT, after=Verdict.MISSED.value, at__gte=since, journey__flow=flow
        )
        still = flips.filter(journey__verdict=Verdict.MISSED.value).order_by()
        found.update(dict(still.values_list("step").annotate(Count("journey", distinct=True))))
    return found
