"""How well people can be told: channels, what is still to be sent, how long sending took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from slatrack.alerting.models import Attempt, Channel, Delivery

_MOST_TIMES = 5000


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """A channel and how it fares. `state`: off, paused, failing, unused or working."""

    channel: Channel
    state: str
    pending: int
    failed: int
    sent: int
    oldest_pending_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryTimes:
    """Seconds from the recorded flip to the receiver's yes, over `count` deliveries."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None


def channels() -> list[ChannelHealth]:
    """Return every channel, by name, with its counts over all time."""
    rows = Channel.objects.annotate(
        pending=Count("deliveries", filter=Q(deliveries__state="pending")),
        failed=Count("deliveries", filter=Q(deliveries__state="failed")),
        sent=Count("deliveries", filter=Q(deliveries__state="sent")),
        oldest=Min("deliveries__created_at", filter=Q(deliveries__state="pending")),
    )
    return [
        ChannelHealth(row, state_of(row), row.pending, row.failed, row.sent, row.oldest)
        for row in rows
    ]


def state_of(channel: Channel) -> str:
    """Return how a channel fares, in one word."""
    if not channel.enabled:
        return "off"
    if channel.paused_at:
        return "paused"
    if channel.failures:
        return "failing"
    return "working" if channel.last_success_at else "unused"


def deliveries(
    channel_id: int, *, limit: int = 50, before: int | None = None
) -> list[tuple[Delivery, list[Attempt]]]:
    """Return the log of a channel, newest first: each delivery with its attempts."""
    rows = Delivery.objects.filter(channel=channel_id).select_related("incident")
    if before:
        rows = rows.filter(id__lt=before)
    found = rows.order_by("-id").prefetch_related("tries")[:limit]
    return [(row, list(row.tries.all())) for row in found]


def undelivered() -> dict[str, int]:
    """Return how many deliveries are pending and how many failed for good."""
    found = Delivery.objects.aggregate(
        pending=Count("id", filter=Q(state="pending")), failed=Count("id", filter=Q(state="failed"))
    )
    return {"pending": found["pending"], "failed": found["failed"]}


def delivery_times(
    *, now: datetime, within: timedelta = timedelta(hours=24), channel_id: int | None = None
) -> DeliveryTimes:
    """Return decision-to-delivery times over the newest deliveries `within` that time."""
    rows = Delivery.objects.filter(delivered_at__gte=now - within).exclude(news="test")
    if channel_id is not None:
        rows = rows.filter(channel=channel_id)
    newest = rows.order_by("-delivered_at").values_list("decided_at", "delivered_at")
    seconds = sorted((done - at).total_seconds() for at, done in newest[:_MOST_TIMES] if done)
    return DeliveryTimes(len(seconds), *(_percentile(seconds, p) for p in (50, 95, 99)))


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the nearest-rank percentile of sorted numbers."""
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
