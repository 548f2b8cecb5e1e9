"""Flips at rest, written with the change that they record; those that are news are queued."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from slatrack.tracking import models, store, wake
from slatrack.tracking.implied_flips import Dated, is_no_news

COLUMNS = (
    "journey", "deadline", "version", "number", "about", "before", "after", "severity", "step",
    "at", "due_at", "watermark", "reason", "recorded_at", "almanac",
)  # fmt: skip
_QUEUE = """
INSERT INTO tracking_unrouted (flip_id, journey_id, flow_id)
SELECT f.id, j.id, j.flow_id FROM tracking_flip f JOIN tracking_journey j ON j.id = f.journey_id
"""
_MANY = """
JOIN unnest(%b::uuid[], %b::text[], %b::int[], %b::int[])
     AS one (journey, deadline, version, number)
ON f.journey_id = one.journey AND f.deadline = one.deadline
   AND f.version = one.version AND f.number = one.number
"""
_ONE = "WHERE f.journey_id = %s AND f.deadline = %s AND f.version = %s AND f.number = %s"


def save(flips: Sequence[Dated]) -> None:
    """Write flips, and wake alerting once they are committed if they concern anybody.

    An event that was on time all along is nobody's news: that flip is not routed.
    """
    store.insert(models.Flip, COLUMNS, [_row(one) for one in flips])
    news = [flip for flip, _ in flips if not is_no_news(flip)]
    if news:
        _queue([(flip.journey_id, flip.deadline, flip.version, flip.number) for flip in news])
        wake.route_flips()


def any_of(journey_id: UUID) -> bool:
    """Whether anything was ever recorded of a journey, as a row or as what its deadline tells."""
    telling = models.Deadline.objects.filter(journey=journey_id, decided_at__isnull=False)
    return telling.exists() or models.Flip.objects.filter(journey=journey_id).exists()


def _queue(places: Sequence[tuple[Any, ...]]) -> None:
    """Have alerting take up the flips of these places, which were written just now."""
    if connection.vendor == "postgresql":
        store.run(_QUEUE + _MANY, [list(column) for column in zip(*places, strict=True)])
    else:
        store.many(_QUEUE + _ONE, [(journey.hex, *rest) for journey, *rest in places])


def _row(one: Dated) -> tuple[Any, ...]:
    flip, recorded_at = one
    return (
        flip.journey_id, flip.deadline, flip.version, flip.number, flip.about, flip.before,
        flip.after, flip.severity, flip.step, flip.at, flip.due_at, flip.watermark,
        flip.reason[:500], recorded_at, flip.almanac,
    )  # fmt: skip
