"""Carrying deliveries out: the one way out to people."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from slatrack.alerting.messages import compose_test
from slatrack.alerting.models import Channel, Delivery
from slatrack.alerting.outbox import claim, claim_next, finish, letter_of
from slatrack.alerting.sending import Reply, send
from slatrack.alerting.telling import new_key

logger = logging.getLogger(__name__)

AT_A_TIME = timedelta(seconds=20)  # then the worker turns to other channels

Clock = Callable[[], datetime]


def deliver(delivery_id: int, *, clock: Clock) -> bool:
    """Attempt a delivery, then what else is due for its channel; False if there was none to try.

    The rest of a channel waits where one attempt fails: the sweep comes back to it.
    """
    started = clock()
    row = claim(delivery_id, now=started)
    if row is None:
        return False
    while row is not None and attempt(row, clock=clock).ok and clock() - started < AT_A_TIME:
        row = claim_next(row.channel_id, now=clock())
    return True


def attempt(row: Delivery, *, clock: Clock) -> Reply:
    """Send a claimed delivery once and record the reply."""
    started = clock()
    reply = send(row.channel, letter_of(row, now=started))
    finish(row, reply, started_at=started, now=clock())
    if not reply.ok:
        logger.warning("delivery %s to %s: %s", row.key, row.channel.name, reply.error)
    return reply


def test_channel(channel: Channel, *, clock: Clock) -> Reply:
    """Send a test message now, whatever the channel's state; return the reply as it came."""
    now = clock()
    row = Delivery.objects.create(
        key=new_key(),
        channel=channel,
        news=Delivery.News.TEST,
        message=compose_test(channel.name, now=now),
        attempts=1,
        created_at=now,
        decided_at=now,
        leased_until=None,
        next_attempt_at=None,
    )
    reply = send(channel, letter_of(row, now=now))
    finish(row, reply, started_at=now, now=clock())
    Delivery.objects.filter(pk=row.pk, state=Delivery.State.PENDING).update(
        state=Delivery.State.FAILED, reason="a test is not repeated"
    )
    return reply
