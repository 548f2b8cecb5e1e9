"""Journeys that their spans no longer make: the spans turned out to be another event's.

Where nothing was ever told of it the row goes, as if it had never been. Otherwise it stays, taken
back: whoever was told finds what became of it.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import F

from slatrack.domain.parts import Part
from slatrack.domain.states import Status
from slatrack.tracking import children, flip_rows, models
from slatrack.tracking.packing import pack_parts


def keep_parts(unfolded: Mapping[UUID, Mapping[bytes, Part]], *, now: datetime) -> None:
    """Write journeys that cannot be folded. Parts that prove no step are kept: flows change."""
    for row_id, parts in sorted(unfolded.items()):
        row = models.Journey.objects.filter(id=row_id)
        children.forget(row_id)
        if parts:
            row.update(parts=pack_parts(parts), changed_at=now, next_at=now)
        elif flip_rows.any_of(row_id):
            _take_back(row_id, now)
        else:
            row.delete()


def _take_back(row_id: UUID, now: datetime) -> None:
    models.Journey.objects.filter(id=row_id).update(
        parts=pack_parts({}), status=Status.CANCELLED.value, verdict="", error=False, due_at=None,
        warn_at=None, deadline="", next_at=None, ended_at=F("step_at"), changed_at=now,
    )  # fmt: skip
