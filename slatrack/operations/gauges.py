"""Gauges that are read from the database when somebody asks for /metrics."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db.models import Min
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dashboards.dear import Dear
from slatrack.alerting import health
from slatrack.tracking import sources
from slatrack.tracking.models import Journey, SetAside, Source, Tally, Trace, UnroutedFlip
from slatrack.tracking.watcher import NAME as WATCHER

_dear = Dear()


class DatabaseGauges(Collector):
    """What is true for the installation as a whole, whichever process is asked."""

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        yield from _sources(now)
        yield from _counts(now)
        yield _deliveries()
        yield _delivery_times(now)
        yield _tallies()

    def describe(self) -> list[Metric]:
        """Nothing at registration: the database need not be there yet."""
        return []


def _sources(now: datetime) -> Iterator[Metric]:
    lag = _gauge("lag_records", "Records of a partition not yet read", ["source"])
    behind = _gauge("watermark_age_seconds", "How far reading is behind now", ["source"])
    silent = _gauge("source_silent_seconds", "Since the last sign of its reader", ["source"])
    for row in sources.live(now):
        if row.lag is not None:
            lag.add_metric([row.name], row.lag)
        if row.watermark_at is not None:
            behind.add_metric([row.name], _age(row.watermark_at, now))
        silent.add_metric([row.name], _age(row.alive_at, now))
    yield from (lag, behind, silent)
    watcher = Source.objects.filter(name=WATCHER).first()
    if watcher:
        about = "Since the watcher's last sign of life"
        yield _gauge("watcher_silent_seconds", about, value=_age(watcher.alive_at, now))


def _counts(now: datetime) -> Iterator[Metric]:
    in_flight = Journey.objects.filter(ended_at=None)
    due = Journey.objects.filter(next_at__lte=now)
    oldest = due.aggregate(at=Min("next_at"))["at"]
    asides = SetAside.objects.filter(replayed_at=None)
    yield _gauge(
        "journeys_in_flight", "Events on their way", value=_dear.count("in flight", in_flight)
    )
    yield _gauge("journeys_due", "Journeys whose instant to look has come", value=due.count())
    age = _age(oldest, now) if oldest else 0
    yield _gauge("journeys_due_oldest_seconds", "How long the first of them waits", value=age)
    parked = _dear.count("parked", Trace.objects.filter(bound=False))
    yield _gauge("traces_parked", "Traces in which no event key has been seen", value=parked)
    yield _gauge("set_aside_open", "Unreadable records not replayed yet", value=asides.count())
    unrouted = UnroutedFlip.objects.count()
    yield _gauge("flips_unrouted", "Changes that alerting has not taken up", value=unrouted)


def _deliveries() -> Metric:
    family = _gauge("deliveries", "Messages not delivered; failed: for good", ["state"])
    for state, count in health.undelivered().items():
        family.add_metric([state], count)
    return family


def _delivery_times(now: datetime) -> Metric:
    about = "From the recorded change to the receiver's yes, over the last 24 hours"
    family = _gauge("delivery_seconds", about, ["quantile"])
    times = health.delivery_times(now=now)
    for quantile, seconds in (("0.5", times.p50), ("0.95", times.p95), ("0.99", times.p99)):
        if seconds is not None:
            family.add_metric([quantile], seconds)
    return family


def _tallies() -> Metric:
    family = _gauge("tally", "Counts kept in the database, e.g. of expired spans", ["name"])
    for name, count in Tally.objects.values_list("name", "count"):
        family.add_metric([name], count)
    return family


def _gauge(
    name: str, about: str, labels: list[str] | None = None, *, value: float | None = None
) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"slatrack_{name}", about, value=value, labels=labels)


def _age(at: datetime, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds())
