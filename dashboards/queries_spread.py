"""End-to-end times of a flow's events against their deadline, for charts."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from dashboards.percentiles import percentile
from slatrack.domain.states import Verdict
from slatrack.tracking import deadline_rows
from slatrack.tracking.models import Flow, Journey

MOST = 5000  # events a chart is made of
RECENT = 200  # events that tell how long a deadline is


class Timed(NamedTuple):
    """One event that ended: when it started, its seconds end to end, and its verdict."""

    started_at: datetime
    seconds: float
    missed: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """The ended events of a range, oldest first.

    `limit` is the length of the deadline in seconds, where all events share one.
    """

    events: list[Timed]
    deadline: str
    limit: float | None
    cut: bool  # there were more than a chart can hold

    @property
    def ordered(self) -> list[float]:
        """Return the seconds in ascending order."""
        return sorted(event.seconds for event in self.events)

    @property
    def missed(self) -> int:
        """Return how many were late."""
        return sum(event.missed for event in self.events)

    def mark(self, percent: int) -> float | None:
        """Return a percentile of the seconds."""
        return percentile(self.ordered, percent)


def spread(flow: Flow, *, since: datetime) -> Spread:
    """Return how long the events took that started since then and have ended."""
    ended = Journey.objects.filter(flow=flow, started_at__gte=since, ended_at__isnull=False)
    rows = list(
        ended.order_by("-started_at").values_list("started_at", "ended_at", "verdict")[: MOST + 1]
    )
    events = [
        Timed(start, (end - start).total_seconds(), verdict == Verdict.MISSED.value)
        for start, end, verdict in reversed(rows[:MOST])
        if end
    ]
    name, limit = limit_of(flow, since)
    return Spread(events, name, limit, len(rows) > MOST)


def limit_of(flow: Flow, since: datetime) -> tuple[str, float | None]:
    """Return the name and length of the deadline that most recent events have.

    The length is None where it differs from event to event, as it does for times of day.
    """
    rows = Journey.objects.filter(flow=flow, started_at__gte=since).order_by("-started_at")
    started = dict(rows.values_list("id", "started_at")[:RECENT])
    lengths = {
        (one.name, round((one.due_at - one.started_at).total_seconds(), 3))
        for row_id, several in deadline_rows.read(started).items()
        for one in several
        if one.due_at and one.started_at == started[row_id]
    }
    by_name = {name: [s for n, s in lengths if n == name] for name, _ in lengths}
    fixed = {name: found[0] for name, found in by_name.items() if len(found) == 1}
    if not fixed:
        return next(iter(by_name), ""), None
    name = min(fixed, key=lambda one: fixed[one])
    return name, fixed[name]
