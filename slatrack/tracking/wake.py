"""Waking those above: news goes up as ids, to tasks known by name only."""

import logging
from collections.abc import Sequence
from functools import partial

from django.db import transaction
from kombu.exceptions import KombuError

from slatrack.celery import app

logger = logging.getLogger(__name__)

ROUTE_FLIPS = "alerting.route_flips"


def route_flips(flip_ids: Sequence[int]) -> None:
    """Ask alerting to take up some flips, once they are committed.

    If the broker is away the flips stay unrouted, and alerting's sweep finds them.
    """
    if flip_ids:
        transaction.on_commit(partial(_send, list(flip_ids)), robust=True)


def _send(flip_ids: list[int]) -> None:
    try:
        app.send_task(ROUTE_FLIPS, [flip_ids], retry=False)
    except (KombuError, OSError) as exc:
        logger.warning("alerting was not woken, its sweep will find the flips: %s", exc)
