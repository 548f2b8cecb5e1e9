"""How much is due in each minute of the next hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Func, IntegerField, Q

from slatrack.domain.states import Status, Verdict
from slatrack.tracking.models import Journey

HOUR = timedelta(hours=1)
MINUTES = 60
HEIGHT = 64  # of the drawing


class EpochMinute(Func):
    """The number of the minute since 1970 in which an instant lies."""

    output_field = IntegerField()
    template = "CAST(FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / 60) AS bigint)"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite keeps times as text."""
        template = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / 60"
        return self.as_sql(compiler, connection, template=template, **context)


@dataclass(frozen=True, slots=True)
class Bar:
    """One minute of the hour: what is due in it, and where it stands in the drawing."""

    at: datetime
    on_track: int
    at_risk: int
    x: int
    on_track_height: float
    at_risk_height: float

    @property
    def at_risk_y(self) -> float:
        """The top of the bar."""
        return HEIGHT - self.on_track_height - self.at_risk_height

    @property
    def on_track_y(self) -> float:
        """The top of its lower part."""
        return HEIGHT - self.on_track_height


@dataclass(frozen=True, slots=True)
class Strip:
    """The next hour in minutes."""

    bars: list[Bar]
    on_track: int
    at_risk: int
    marks: list[datetime]  # every tenth minute

    @property
    def total(self) -> int:
        """How much is due in the hour."""
        return self.on_track + self.at_risk


def strip(*, now: datetime, flow: str = "") -> Strip:
    """Return what is due in the next hour, of one flow or of all, in one query."""
    began = now.replace(second=0, microsecond=0)
    first = int(began.timestamp()) // 60
    found = _counted(now, flow)
    counts = [found.get(first + minute, (0, 0)) for minute in range(MINUTES + 1)]
    top = max(max(sum(pair) for pair in counts), 1)
    bars = [
        Bar(
            began + timedelta(minutes=minute), calm, risky, minute * 10,
            round(calm / top * HEIGHT, 1), round(risky / top * HEIGHT, 1),
        )
        for minute, (calm, risky) in enumerate(counts)
    ]  # fmt: skip
    marks = [began + timedelta(minutes=minute) for minute in range(10, MINUTES + 1, 10)]
    calm, risky = sum(pair[0] for pair in counts), sum(pair[1] for pair in counts)
    return Strip(bars, calm, risky, marks)


def _counted(now: datetime, flow: str) -> dict[int, tuple[int, int]]:
    waiting = Q(verdict__in=[Verdict.WAITING.value, Verdict.UNKNOWN.value])
    on_way = Q(ended_at=None, status__in=[Status.IN_FLIGHT.value, Status.FAILED.value])
    rows = Journey.objects.filter(waiting, on_way, due_at__gte=now, due_at__lt=now + HOUR)
    if flow:
        rows = rows.filter(flow__name=flow)
    warned = Q(warn_at__lte=now)
    counted = (
        rows.values_list(EpochMinute("due_at"))
        .order_by()
        .annotate(
            calm=Count("id", filter=~warned | Q(warn_at=None)), risky=Count("id", filter=warned)
        )
    )
    return {minute: (calm, risky) for minute, calm, risky in counted}
