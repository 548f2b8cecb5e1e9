"""Claiming deliveries and recording what came of them: each attempted at least once, by one worker.

A claim is a lease: a worker that dies loses it after `LEASE`, and the sweep gives the delivery to
another. One attempt a channel runs at a time, so a receiver that hangs holds up its own channel
only.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Q, QuerySet

from slatrack.alerting.models import Attempt, Channel, Delivery
from slatrack.alerting.pausing import pause
from slatrack.alerting.ringing import ring
from slatrack.alerting.sending.letters import LONGEST, Letter, Outcome, Reply

State = Delivery.State

LEASE = 2 * LONGEST
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
CHANNEL_WAIT = timedelta(seconds=30)  # at most, for other messages of a channel that is unwell
GIVE_UP_AFTER = timedelta(hours=24)


@transaction.atomic
def claim(delivery_id: int, *, now: datetime) -> Delivery | None:
    """Lease a delivery for one attempt; None if it is not due, not pending or its channel busy.

    A delivery whose time has passed ends here.
    """
    row = _pending(now).filter(pk=delivery_id).first()
    return _lease(row, now) if row else None


@transaction.atomic
def claim_next(channel_id: int, *, now: datetime) -> Delivery | None:
    """Lease the next delivery that is due for a channel."""
    for row in _pending(now).filter(channel=channel_id).order_by("id"):
        leased = _lease(row, now)
        if leased is not None or row.state == State.PENDING:
            return leased
    return None


def _pending(now: datetime) -> QuerySet[Delivery]:
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    return Delivery.objects.filter(free, state=State.PENDING, next_attempt_at__lte=now)


def _lease(row: Delivery, now: datetime) -> Delivery | None:
    channel = Channel.objects.select_for_update(no_key=True).get(pk=row.channel_id)
    row = Delivery.objects.select_related("incident").get(pk=row.pk)
    if row.state != State.PENDING or (row.leased_until and row.leased_until >= now):
        return None  # another worker was quicker
    if ended := _pointless(row, channel, now):
        row.state, row.reason = ended
        row.save(update_fields=["state", "reason"])
        return None
    if Delivery.objects.filter(channel=channel, leased_until__gte=now).exists():
        return None
    row.channel = channel
    row.leased_until, row.attempts = now + LEASE, row.attempts + 1
    row.save(update_fields=["leased_until", "attempts"])
    return row


def _pointless(row: Delivery, channel: Channel, now: datetime) -> tuple[str, str] | None:
    if row.expires_at is not None and row.expires_at <= now:
        return State.EXPIRED, "its due time had passed before it could be sent"
    if not channel.enabled:
        return State.FAILED, "the channel is switched off"
    if channel.paused_at is not None:
        return State.FAILED, f"channel paused: {channel.paused_reason}"[:500]
    return None


def letter_of(row: Delivery, *, now: datetime) -> Letter:
    """Return what is sent for a delivery: the same body and key at every attempt."""
    thread = f"incident-{row.incident_id}" if row.incident_id else ""
    return Letter(row.key, row.message, now, thread)


@transaction.atomic
def finish(row: Delivery, reply: Reply, *, started_at: datetime, now: datetime) -> None:
    """Record an attempt and what follows from it. One that was superseded meanwhile stays so."""
    Attempt.objects.create(
        delivery=row,
        number=row.attempts,
        at=started_at,
        ok=reply.ok,
        status=reply.status,
        excerpt=reply.excerpt,
        error=reply.error,
        duration_ms=max(0, round((now - started_at).total_seconds() * 1000)),
    )
    rows = Delivery.objects.filter(pk=row.pk)
    rows.update(leased_until=None)
    if reply.ok:
        rows.update(state=State.SENT, delivered_at=now, reason="")
        fare_well(row.channel_id, now=now)
        return
    fare_ill(row.channel_id, reply.error, now=now)
    _after_failure(row, reply, now)
    if reply.outcome is Outcome.GONE:
        pause(row.channel_id, reply.error, now=now)


def _after_failure(row: Delivery, reply: Reply, now: datetime) -> None:
    pending = Delivery.objects.filter(state=State.PENDING)
    again_at = now + (reply.retry_after or wait_after(row.attempts))
    final = reply.outcome is not Outcome.RETRY
    if final or again_at > row.created_at + GIVE_UP_AFTER:
        reason = reply.error if final else f"given up after {row.attempts} attempts: {reply.error}"
        pending.filter(pk=row.pk).update(state=State.FAILED, reason=reason[:500])
        return
    pending.filter(pk=row.pk).update(next_attempt_at=again_at, reason=reply.error[:500])
    if reply.busy:
        others = min(again_at, now + CHANNEL_WAIT)
        pending.filter(channel=row.channel_id, next_attempt_at__lt=others).update(
            next_attempt_at=others
        )


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts in vain: doubling, up to LONGEST_WAIT."""
    doubled: int = 1 << min(max(attempts - 1, 0), 20)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def fare_well(channel_id: int, *, now: datetime) -> None:
    """Note that a channel works."""
    Channel.objects.filter(pk=channel_id).update(last_success_at=now, failures=0)


def fare_ill(channel_id: int, error: str, *, now: datetime) -> None:
    """Note that a channel failed once more."""
    Channel.objects.filter(pk=channel_id).update(
        last_failure_at=now, last_error=error[:500], failures=F("failures") + 1
    )


@transaction.atomic
def replay(delivery_id: int, *, now: datetime) -> bool:
    """Send a delivery once more, under the same id; False if it is pending already."""
    row = Delivery.objects.select_for_update().get(pk=delivery_id)
    if row.state == State.PENDING:
        return False
    row.state, row.reason, row.next_attempt_at = State.PENDING, "sent again by hand", now
    row.created_at, row.expires_at = now, None  # by hand: it may be late
    row.save(update_fields=["state", "reason", "next_attempt_at", "created_at", "expires_at"])
    transaction.on_commit(partial(ring, [row.pk]), robust=True)
    return True
