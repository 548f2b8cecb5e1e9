"""Flips at rest, written with the change that they record: what is news into the queue."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from slatrack.tracking import models, store, wake
from slatrack.tracking.decisions import LAGGING
from slatrack.tracking.implied_flips import Dated, is_no_news

COLUMNS = (
    "journey", "deadline", "version", "number", "about", "before", "after", "severity", "step",
    "at", "due_at", "watermark", "reason", "recorded_at", "almanac",
)  # fmt: skip
# Of PostgreSQL: some flips leave the queue (`taken`) and become history, in order.
MADE_HISTORY = """
WITH taken AS (
    DELETE FROM tracking_unroutedflip WHERE id = ANY(%(ids)s::bigint[]) RETURNING *
), history AS (
    INSERT INTO tracking_flip (journey_id, deadline, version, number, about, "before", "after",
        severity, step, at, due_at, watermark, almanac, reason, recorded_at)
    SELECT journey_id, deadline, version, number, about, "before", "after",
        severity, step, at, due_at, watermark, almanac, reason, recorded_at
    FROM taken ORDER BY id
)
"""


def save(flips: Sequence[Dated], flows: Mapping[UUID, int]) -> None:
    """Write flips, and wake alerting once they are committed if they concern anybody.

    `flows` are those of their journeys. An event that was on time all along is nobody's news.
    """
    quiet = [_row(one) for one in flips if is_no_news(one.flip)]
    store.insert(models.Flip, COLUMNS, quiet)
    news = [one for one in flips if not is_no_news(one.flip)]
    if news:
        rows = [(*_row(one), flows[one.flip.journey_id]) for one in news]
        store.insert(models.UnroutedFlip, (*COLUMNS, "flow"), rows)
        wake.route_flips(pressing=any(map(_is_pressing, news)))


def make_history(ids: Sequence[int]) -> None:
    """Take UnroutedFlips, which are locked, out of the queue, and make Flips of them."""
    if connection.vendor == "postgresql":
        store.run(MADE_HISTORY + "SELECT 1", {"ids": list(ids)})
        return
    waiting = models.UnroutedFlip.objects.filter(pk__in=ids)
    models.Flip.objects.bulk_create(row.as_flip() for row in waiting.order_by("id"))
    waiting.delete()


def any_of(journey_id: UUID) -> bool:
    """Whether anything was ever recorded of a journey, as a row or as what its deadline tells."""
    telling = models.Journey.objects.filter(id=journey_id, kept__isnull=False)
    queued = models.UnroutedFlip.objects.filter(journey=journey_id)  # first: it may be moved now
    history = models.Flip.objects.filter(journey=journey_id)
    return telling.exists() or queued.exists() or history.exists()


def _is_pressing(one: Dated) -> bool:
    """Whether it was told with telemetry near the clock: what lags tells nobody in time."""
    read_to = one.flip.watermark
    return read_to is None or one.at - read_to <= LAGGING


def _row(one: Dated) -> tuple[Any, ...]:
    flip, recorded_at = one
    return (
        flip.journey_id, flip.deadline, flip.version, flip.number, flip.about, flip.before,
        flip.after, flip.severity, flip.step, flip.at, flip.due_at, flip.watermark,
        flip.reason[:500], recorded_at, flip.almanac,
    )  # fmt: skip
