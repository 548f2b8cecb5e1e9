"""Flips at rest, written with the change that they record; those that are news are queued."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from slatrack.domain.states import Verdict
from slatrack.tracking import models, store, wake
from slatrack.tracking.decisions import Flipped

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


def save(flips: Sequence[Flipped], *, now: datetime) -> None:
    """Write flips, and wake alerting once they are committed if they concern anybody.

    An event that was on time all along is history and nobody's news: it is not routed.
    """
    store.insert(models.Flip, COLUMNS, [_row(flip, now) for flip in flips])
    news = [flip for flip in flips if not _is_no_news(flip)]
    if news:
        _queue([(flip.journey_id, flip.deadline, flip.version, flip.number) for flip in news])
        wake.route_flips()


def _queue(places: Sequence[tuple[Any, ...]]) -> None:
    """Have alerting take up the flips of these places, which were written just now."""
    if connection.vendor == "postgresql":
        store.run(_QUEUE + _MANY, [list(column) for column in zip(*places, strict=True)])
    else:
        store.many(_QUEUE + _ONE, [(journey.hex, *rest) for journey, *rest in places])


def _is_no_news(flip: Flipped) -> bool:
    return flip.before == Verdict.WAITING and flip.after == Verdict.MET


def _row(flip: Flipped, now: datetime) -> tuple[Any, ...]:
    return (
        flip.journey_id, flip.deadline, flip.version, flip.number, flip.about, flip.before,
        flip.after, flip.severity, flip.step, flip.at, flip.due_at, flip.watermark,
        flip.reason[:500], now, flip.almanac,
    )  # fmt: skip
