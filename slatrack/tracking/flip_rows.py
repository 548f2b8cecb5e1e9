"""Flips at rest: history and outbox in one, written with the change that they record."""

from collections.abc import Sequence
from datetime import datetime

from slatrack.tracking import models, wake
from slatrack.tracking.judging import Flipped


def save(flips: Sequence[Flipped], *, now: datetime) -> None:
    """Write flips and wake alerting once they are committed."""
    rows = models.Flip.objects.bulk_create(_row(flip, now) for flip in flips)
    wake.route_flips([row.id for row in rows])


def _row(flip: Flipped, now: datetime) -> models.Flip:
    return models.Flip(
        journey_id=flip.journey_id,
        deadline=flip.deadline,
        version=flip.version,
        number=flip.number,
        about=flip.about,
        before=flip.before,
        after=flip.after,
        severity=flip.severity,
        step=flip.step,
        at=flip.at,
        due_at=flip.due_at,
        watermark=flip.watermark,
        reason=flip.reason[:500],
        recorded_at=now,
    )
