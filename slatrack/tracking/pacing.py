"""The pace at which the events of a flow arrive at present, read from rows."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from slatrack.domain.forecasts.history import ENOUGH, START, History
from slatrack.domain.forecasts.pace import Pace, Under, pace
from slatrack.tracking import models
from slatrack.tracking.open_deadlines import OpenDeadline

ARRIVALS = 2_000  # newest arrivals that are looked at
SHORTEST, LONGEST = 15.0, 900.0  # seconds to look back


def pace_of(
    flow_id: int, deadline: str, until: str, history: History, there: Iterable[OpenDeadline],
    *, read_to: datetime,
) -> Pace:  # fmt: skip
    """Return the pace of arrivals at `until`, `there` being all that is in flight."""
    whole = history.speaks_for_all(START, until)
    if whole.arrivals < ENOUGH:
        return Pace()
    remaining = whole.after(0)
    window = min(LONGEST, max(SHORTEST, 2 * (remaining.within(0, 0.5) or 0)))
    arrived = _arrived(flow_id, deadline, read_to - timedelta(seconds=window), read_to)
    if not arrived:  # since when?
        arrived = _arrived(flow_id, deadline, read_to - timedelta(seconds=LONGEST), read_to)[:1]
    if len(arrived) == ARRIVALS:  # as far as these reach back
        first = min(one.arrived for one in arrived if one.arrived is not None)
        window = max(0.1, read_to.timestamp() - first)
    return pace(
        [*arrived, *_under_way(there, read_to)], remaining, now=read_to.timestamp(), window=window
    )


def _under_way(there: Iterable[OpenDeadline], read_to: datetime) -> Iterable[Under]:
    for one in there:
        at = one.reached_at.timestamp() if one.reached_at else None
        yield Under(one.begun_at.timestamp(), at)


def _arrived(flow_id: int, deadline: str, begin: datetime, end: datetime) -> list[Under]:
    """Return the events that ended in a window; `~Q(ended_at=None)` is what SQLite knows it by."""
    rows = (
        models.Deadline.objects.filter(
            ~Q(journey__ended_at=None),
            journey__ended_at__gt=begin,
            journey__ended_at__lte=end,
            name=deadline,
            reached_at__isnull=False,
        )
        .order_by("-journey__ended_at")
        .values_list("journey__flow_id", "journey__started_at", "reached_at")
    )
    return [
        Under(started.timestamp(), reached.timestamp())
        for of, started, reached in rows[:ARRIVALS]
        if of == flow_id and reached is not None
    ]
