"""Flips at rest: history and outbox in one, written with the change that they record."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from slatrack.domain.states import Verdict
from slatrack.tracking import models, store, wake
from slatrack.tracking.decisions import Flipped

COLUMNS = (
    "journey", "deadline", "version", "number", "about", "before", "after", "severity", "step",
    "at", "due_at", "watermark", "reason", "recorded_at", "routed_at",
    "almanac",
)  # fmt: skip


def save(flips: Sequence[Flipped], *, now: datetime) -> None:
    """Write flips, and wake alerting once they are committed if they concern anybody.

    An event that was on time all along is history and nobody's news: it is not routed.
    """
    store.insert(models.Flip, COLUMNS, [_row(flip, now) for flip in flips])
    if any(not _is_no_news(flip) for flip in flips):
        wake.route_flips()


def _is_no_news(flip: Flipped) -> bool:
    return flip.before == Verdict.WAITING and flip.after == Verdict.MET


def _row(flip: Flipped, now: datetime) -> tuple[Any, ...]:
    return (
        flip.journey_id, flip.deadline, flip.version, flip.number, flip.about, flip.before,
        flip.after, flip.severity, flip.step, flip.at, flip.due_at, flip.watermark,
        flip.reason[:500], now, now if _is_no_news(flip) else None,
        flip.almanac,
    )  # fmt: skip
