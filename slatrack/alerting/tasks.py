"""Celery's side of alerting: only here is the clock read.

Every task is safe to repeat; what a lost task would have done, the sweep does.
"""

from collections.abc import Sequence

from django.utils import timezone

from slatrack.alerting import delivering, routing, sweeping
from slatrack.celery import app


@app.task(name="alerting.route_flips", ignore_result=True)  # type: ignore[untyped-decorator]
def route_flips(flip_ids: Sequence[int]) -> int:
    """Take up flips just recorded."""
    return routing.take_up(flip_ids, now=timezone.now())


@app.task(name="alerting.deliver", ignore_result=True)  # type: ignore[untyped-decorator]
def deliver(delivery_id: int) -> bool:
    """Send a delivery, and what else is due for its channel."""
    return delivering.deliver(delivery_id, clock=timezone.now)


@app.task(name="alerting.sweep", ignore_result=True, expires=10)  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Find what was lost; run by beat."""
    sweeping.sweep(now=timezone.now())
