"""Housekeeping: spans that no identifier claimed in time go, and are counted."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F

from slatrack.domain.durations import parse_duration
from slatrack.tracking import heard, models, span_blocks, store
from slatrack.tracking.packing import trace_or_nothing

EXPIRED = "parked spans expired"
LOST_TO_RETENTION = "records lost to retention"
SCORES = 5_000  # of each flow
CHUNK = 2_000  # rows deleted in one transaction, so that nobody waits long for a lock


def expire_parked(*, now: datetime) -> int:
    """Delete parked traces and blocks older than the setting allows; return the spans that went.

    Safe to repeat and to interrupt: each chunk is a transaction of its own.
    """
    before = now - parse_duration(settings.SLATRACK.parked_for)
    gone = 0
    while spans := _expire_traces(before):
        gone += spans
    while _expire_blocks(before) or _expire_messages(before):
        continue
    heard.expire(now=now)
    return gone


@transaction.atomic
def _expire_traces(before: datetime) -> int:
    old = models.Trace.objects.filter(bound=False, created_at__lt=before)
    rows = list(old.select_for_update().order_by("id").values_list("id", "spans", "state")[:CHUNK])
    if not rows:
        return 0
    spans = sum(number for _, number, _ in rows)
    models.Trace.objects.filter(id__in=[row_id for row_id, _, _ in rows]).delete()
    gone = (trace_or_nothing(row_id, state) for row_id, _, state in rows)
    _expire_emptied({block for one in gone for block in one.blocks})
    count(EXPIRED, spans)
    return spans


def _expire_emptied(block_ids: Collection[int]) -> None:
    """Delete those of some lasting blocks of which every trace has gone: steps without a key."""
    for some in store.chunks(block_ids):
        blocks = models.SpanBlock.objects.filter(id__in=some, bound=True)
        for block in blocks.only("data"):
            traces = span_blocks.traces_in(block)
            if traces and not models.Trace.objects.filter(id__in=traces).exists():
                block.delete()


@transaction.atomic
def _expire_blocks(before: datetime) -> int:
    old = models.SpanBlock.objects.filter(bound=False, created_at__lt=before)
    ids = list(old.values_list("id", flat=True)[:CHUNK])
    models.SpanBlock.objects.filter(id__in=ids).delete()
    return len(ids)


@transaction.atomic
def _expire_messages(before: datetime) -> int:
    old = models.MessageBlock.objects.filter(created_at__lt=before)
    ids = list(old.values_list("id", flat=True)[:CHUNK])
    models.MessageBlock.objects.filter(id__in=ids).delete()
    return len(ids)


def expire_scores() -> int:
    """Let go of the oldest forecasts that keep score, beyond so many of each flow."""
    gone = 0
    for flow in models.Flow.objects.values_list("id", flat=True):
        rows = models.Forecast.objects.filter(flow=flow).exclude(outcome="")
        ids = rows.order_by("-settled_at").values_list("id", flat=True)[SCORES : SCORES + CHUNK]
        gone += models.Forecast.objects.filter(id__in=list(ids)).delete()[0]
    return gone


def count(name: str, number: int) -> None:
    """Add `number` to a tally that outlives the processes."""
    models.Tally.objects.get_or_create(name=name)
    models.Tally.objects.filter(name=name).update(count=F("count") + number)
