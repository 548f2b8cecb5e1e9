"""Pausing a channel whose receiver asks not to be called, and saying so through the others."""

from datetime import datetime
from functools import partial

from django.db import transaction

from slatrack.alerting.messages import compose_paused
from slatrack.alerting.models import Channel, Delivery
from slatrack.alerting.ringing import ring
from slatrack.alerting.telling import new_key


@transaction.atomic
def pause(channel_id: int, reason: str, *, now: datetime) -> bool:
    """Pause a channel and tell every other one; False if it is paused already."""
    channel = Channel.objects.select_for_update().get(pk=channel_id)
    if channel.paused_at is not None:
        return False
    channel.paused_at, channel.paused_reason = now, reason[:500]
    channel.save(update_fields=["paused_at", "paused_reason"])
    message = compose_paused(channel.name, reason, now=now)
    others = Channel.objects.filter(enabled=True, paused_at=None)
    rows = [
        Delivery(
            key=new_key(),
            channel=other,
            news=Delivery.News.PAUSED,
            message=message,
            created_at=now,
            decided_at=now,
            next_attempt_at=now,
        )
        for other in others
    ]
    Delivery.objects.bulk_create(rows)
    transaction.on_commit(partial(ring, [row.pk for row in rows]), robust=True)
    return True


def resume(channel_id: int) -> bool:
    """Use a paused channel again; False if it was not paused. What it missed is not sent."""
    paused = Channel.objects.filter(pk=channel_id, paused_at__isnull=False)
    return bool(paused.update(paused_at=None, paused_reason="", failures=0))
