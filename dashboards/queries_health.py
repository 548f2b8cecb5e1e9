"""How slatrack itself fares: what is read, how far behind, what is waiting, what was lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Sum

from dashboards.dear import Dear
from dashboards.queries_feeds import Reach, reaches
from dashboards.queries_pulse import ALIVE, WATCHER, Pulse, pulse
from slatrack.alerting import health as alerting
from slatrack.alerting.health import ChannelHealth, DeliveryTimes
from slatrack.alerting.models import Trouble
from slatrack.alerting.troubles import open_troubles
from slatrack.domain.states import Status
from slatrack.tracking import room
from slatrack.tracking.forecasting import NAME as FORECASTER
from slatrack.tracking.models import Flow, Journey, SetAside, Source, SpanBlock, Tally, Trace

RATE_OVER = timedelta(seconds=60)
_counts = Dear()


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source; `state`: ok, warning (alive but behind) or idle (its owner is silent)."""

    source: Source
    state: str
    behind: timedelta | None


@dataclass(frozen=True, slots=True)
class Health:
    """Everything the health page shows, as of one moment."""

    pulse: Pulse
    troubles: list[Trouble]
    sources: list[SourceHealth]
    spans_per_second: float
    in_flight: int
    overdue: int  # journeys whose next instant has passed without a look at them
    parked: int
    set_aside: int
    tallies: list[Tally]
    channels: list[ChannelHealth]
    undelivered: dict[str, int]
    delivery_times: DeliveryTimes
    database_bytes: int
    no_room: str  # what to say where the disk of the database is full; else empty
    reaches: list[Reach]  # empty where one topic feeds all flows

    @property
    def state(self) -> str:
        """Return ok, warning or critical: the worst of what is known."""
        if self.pulse.watcher is None or self.overdue or self.troubles or self.no_room:
            return "critical"
        failing = any(one.state in ("failing", "paused") for one in self.channels)
        behind = any(one.state == "warning" for one in self.sources)
        if failing or behind or self.undelivered["failed"] or not self.sources:
            return "warning"
        return "ok"


def health(*, now: datetime) -> Health:
    """Return how slatrack fares at `now`."""
    in_flight = Journey.objects.filter(ended_at=None, status=Status.IN_FLIGHT.value)
    spans = SpanBlock.objects.filter(created_at__gte=now - RATE_OVER).aggregate(n=Sum("spans"))["n"]
    late = now - timedelta(seconds=10)
    return Health(
        pulse=pulse(now=now),
        troubles=list(open_troubles()),
        sources=_sources(now),
        spans_per_second=(spans or 0) / RATE_OVER.total_seconds(),
        in_flight=_counts.count("in flight", in_flight),
        overdue=Journey.objects.filter(next_at__lt=late).count(),
        parked=_counts.count("parked", Trace.objects.filter(bound=False)),
        set_aside=SetAside.objects.filter(replayed_at=None).count(),
        tallies=list(Tally.objects.order_by("name")),
        channels=alerting.channels(),
        undelivered=alerting.undelivered(),
        delivery_times=alerting.delivery_times(now=now),
        database_bytes=database_bytes(),
        no_room=room.SENTENCE if room.is_full() else "",
        reaches=[one for one in _reaches(now) if one.sentence],
    )


def _reaches(now: datetime) -> list[Reach]:
    return reaches(Flow.objects.filter(enabled=True).order_by("title"), now=now)


def _sources(now: datetime) -> list[SourceHealth]:
    rows = Source.objects.exclude(name__in=(WATCHER, FORECASTER))
    return [_source(row, now) for row in rows.order_by("topic", "partition", "name")]


def _source(row: Source, now: datetime) -> SourceHealth:
    behind = None if row.watermark_at is None else max(now - row.watermark_at, timedelta())
    if now - row.alive_at > ALIVE:
        return SourceHealth(row, "idle", behind)
    late = behind is None or behind > timedelta(seconds=30)
    return SourceHealth(row, "warning" if late else "ok", behind)


def database_bytes() -> int:
    """Return how many bytes the database takes."""
    query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    if connection.vendor == "postgresql":
        query = "SELECT pg_database_size(current_database())"
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])
