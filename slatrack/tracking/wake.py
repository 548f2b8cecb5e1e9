"""Waking those above: news goes up as rows; the task that reads them is known by name only."""

import logging
import time
from functools import partial
from typing import ClassVar

from django.db import transaction
from kombu.exceptions import KombuError

from slatrack.celery import app

logger = logging.getLogger(__name__)

ROUTE_FLIPS = "alerting.route_flips"
GATHER = 2.0  # seconds of news that are told of together, where none of them is pressing


class Gathering:
    """Until when alerting was asked already to come for what is not pressing: by this process."""

    until: ClassVar[float] = 0.0


def route_flips(*, pressing: bool = True) -> None:
    """Ask alerting to take up the unrouted flips, once those of this transaction are committed.

    At once where they are pressing, else within GATHER seconds, together with others. If the
    broker is away the flips stay unrouted, and alerting's sweep finds them.
    """
    transaction.on_commit(partial(_ask, pressing), robust=True)


def _ask(pressing: bool) -> None:
    now = time.monotonic()
    if pressing:
        _send(None)
    elif now >= Gathering.until:  # who commits until then does so before the flips are taken up
        Gathering.until = now + GATHER
        _send(GATHER)


def _send(countdown: float | None) -> None:
    try:
        app.send_task(ROUTE_FLIPS, [None], countdown=countdown, retry=False)
    except (KombuError, OSError) as exc:
        logger.warning("alerting was not woken, its sweep will find the flips: %s", exc)
