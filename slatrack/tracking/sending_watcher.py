"""Sending the watcher to events whose deadlines are to be worked out anew."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from slatrack.tracking import models

if TYPE_CHECKING:
    from django.db.models import QuerySet

CHUNK = 10_000  # journeys in one statement
FIRST = UUID(int=0)


def send_watcher(rows: "QuerySet[models.Journey]", *, now: datetime) -> int:
    """Set the next instant of some journeys to `now`, in chunks; return how many there are.

    Each chunk is a statement of its own: repeated after a crash, it goes on with those left.
    """
    count, last = 0, FIRST
    while ids := list(rows.filter(id__gt=last).order_by("id").values_list("id", flat=True)[:CHUNK]):
        models.Journey.objects.filter(id__in=ids).update(next_at=now)
        count, last = count + len(ids), ids[-1]
    return count
