"""Waking those above: news goes up as rows; the task that reads them is known by name only."""

import logging

from django.db import transaction
from kombu.exceptions import KombuError

from slatrack.celery import app

logger = logging.getLogger(__name__)

ROUTE_FLIPS = "alerting.route_flips"


def route_flips() -> None:
    """Ask alerting to take up the unrouted flips, once those of this transaction are committed.

    If the broker is away the flips stay unrouted, and alerting's sweep finds them.
    """
    transaction.on_commit(_send, robust=True)


def _send() -> None:
    try:
        app.send_task(ROUTE_FLIPS, [None], retry=False)
    except (KombuError, OSError) as exc:
        logger.warning("alerting was not woken, its sweep will find the flips: %s", exc)
