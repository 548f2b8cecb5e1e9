"""Where the events of a flow are now: how many work in each step, how many wait after it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from slatrack.domain.states import Status, Verdict
from slatrack.tracking.models import Flow, Journey


@dataclass(frozen=True, slots=True)
class Place:
    """The events at one place: inside a step, or waiting after it. `since` is the longest there."""

    count: int = 0
    late: int = 0
    at_risk: int = 0
    since: datetime | None = None

    @property
    def hue(self) -> str:
        """Return how late the events here are, as a hue name; empty where all is well."""
        if self.late:
            return "missed"
        return "at-risk" if self.at_risk else ""


NOBODY = Place()


def places(flow: Flow, *, now: datetime) -> dict[tuple[str, bool], Place]:
    """Return the events in flight by (step, working)."""
    waiting = Q(verdict__in=[Verdict.WAITING.value, Verdict.UNKNOWN.value])
    rows = (
        Journey.objects.filter(flow=flow, ended_at=None, status=Status.IN_FLIGHT.value)
        .values("step", "working")
        .annotate(
            count=Count("id"),
            late=Count("id", filter=Q(verdict=Verdict.MISSED.value)),
            at_risk=Count("id", filter=waiting & Q(warn_at__lte=now)),
            since=Min("step_at"),
        )
    )
    return {
        (row["step"], row["working"]): Place(
            row["count"], row["late"], row["at_risk"], row["since"]
        )
        for row in rows
    }
