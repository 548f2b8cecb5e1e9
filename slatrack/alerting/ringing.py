"""Asking the workers to send, by task name and id; the sweep finds what is not asked for."""

import logging
from collections.abc import Iterable

from kombu.exceptions import KombuError

from slatrack.celery import app

logger = logging.getLogger(__name__)

DELIVER = "alerting.deliver"


def ring(delivery_ids: Iterable[int]) -> None:
    """Ask for deliveries to be sent. Does not fail when the broker is away."""
    for delivery_id in delivery_ids:
        try:
            app.send_task(DELIVER, [delivery_id], retry=False)
        except (KombuError, OSError) as exc:
            logger.warning("no worker was asked to deliver, the sweep will: %s", exc)
            return
