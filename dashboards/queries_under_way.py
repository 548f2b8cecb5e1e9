"""What is in flight, counted in one walk for all that a board counts of it: lanes, tiles, strip."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import (
    BooleanField,
    Case,
    Count,
    ExpressionWrapper,
    Func,
    IntegerField,
    Min,
    Q,
    When,
)

from dashboards.dear import Dear
from slatrack.domain.states import Status, Verdict
from slatrack.gently import rests
from slatrack.tracking.models import Forecast, Journey

ON_THE_WAY = (Status.IN_FLIGHT.value, Status.FAILED.value)
MOMENT, MINUTE, QUARTER = 2, 60, 900  # seconds
CLOSE = timedelta(minutes=3)  # ahead: there each moment counts, then each minute
HOUR = timedelta(hours=1)
_counts = Dear()


class Group(NamedTuple):
    """Events in flight that are alike to a board."""

    flow: int
    status: str
    verdict: str
    warned: bool
    risky: bool
    moment: int | None  # of two seconds since 1970, in which it is due; only within the next hour
    quarter: int | None  # of an hour since 1970, in which it was due; only if missed
    events: int
    next_due_at: datetime | None  # after now

    @property
    def waits(self) -> bool:
        """Whether its deadline is open."""
        return self.verdict in (Verdict.WAITING, Verdict.UNKNOWN)

    @property
    def missed(self) -> bool:
        """Whether its deadline was missed."""
        return self.verdict == Verdict.MISSED


class Epoch(Func):
    """How many times so many `seconds` have passed since 1970 at an instant."""

    output_field = IntegerField()
    template = "CAST(FLOOR(DATE_PART('epoch', %(expressions)s) / %(seconds)s) AS bigint)"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite keeps times as text."""
        template = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / %(seconds)s"
        return self.as_sql(compiler, connection, template=template, **context)


def under_way(*, now: datetime) -> Sequence[Group]:
    """Return the groups of all that is in flight; where that is very much, of a moment ago."""
    return _counts.ask(
        "under way", lambda: _counted(now), lambda found: sum(one.events for one in found)
    )


def at_risk() -> Q:
    """Return what journeys at risk are found by: by forecast, and not settled yet."""
    return Q(pk__in=Forecast.objects.filter(at_risk=True).values("journey"))


def _counted(now: datetime) -> list[Group]:
    ahead = Q(due_at__gte=now, due_at__lt=now + HOUR)
    per_minute = Epoch("due_at", seconds=MINUTE) * (MINUTE // MOMENT)
    rows = (
        Journey.objects.filter(rests(), ended_at=None)
        .order_by()
        .values_list(
            "flow_id",
            "status",
            "verdict",
            ExpressionWrapper(Q(warn_at__lte=now), BooleanField()),
            ExpressionWrapper(at_risk(), BooleanField()),
            Case(
                When(ahead & Q(due_at__lt=now + CLOSE), then=Epoch("due_at", seconds=MOMENT)),
                When(ahead, then=per_minute),
            ),
            Case(When(verdict=Verdict.MISSED.value, then=Epoch("due_at", seconds=QUARTER))),
        )
        .annotate(count=Count("pk"), next_due_at=Min("due_at", filter=Q(due_at__gt=now)))
    )
    return [
        Group(flow, status, verdict, bool(warned), bool(risky), *rest)
        for flow, status, verdict, warned, risky, *rest in rows
    ]
