"""Housekeeping: spans that no identifier claimed in time go, and are counted."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum

from slatrack.domain.durations import parse_duration
from slatrack.tracking import models

EXPIRED = "parked spans expired"
CHUNK = 2_000  # rows deleted in one transaction, so that nobody waits long for a lock


def expire_parked(*, now: datetime) -> int:
    """Delete parked traces and blocks older than the setting allows; return the spans that went.

    Safe to repeat and to interrupt: each chunk is a transaction of its own.
    """
    before = now - parse_duration(settings.SLATRACK.parked_for)
    gone = 0
    while spans := _expire_traces(before):
        gone += spans
    while _expire_blocks(before):
        continue
    return gone


@transaction.atomic
def _expire_traces(before: datetime) -> int:
    old = models.Trace.objects.filter(bound=False, created_at__lt=before)
    ids = list(old.select_for_update().order_by("id").values_list("id", flat=True)[:CHUNK])
    if not ids:
        return 0
    chosen = models.Trace.objects.filter(id__in=ids)
    spans = chosen.aggregate(total=Sum("spans"))["total"] or 0
    chosen.delete()
    count(EXPIRED, spans)
    return max(spans, 1)


@transaction.atomic
def _expire_blocks(before: datetime) -> int:
    old = models.SpanBlock.objects.filter(bound=False, created_at__lt=before)
    ids = list(old.values_list("id", flat=True)[:CHUNK])
    models.SpanBlock.objects.filter(id__in=ids).delete()
    return len(ids)


def count(name: str, number: int) -> None:
    """Add `number` to a tally that outlives the processes."""
    models.Tally.objects.get_or_create(name=name)
    models.Tally.objects.filter(name=name).update(count=F("count") + number)
