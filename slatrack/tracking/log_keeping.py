"""Housekeeping of log records: what belongs to no event goes soon, all goes after a while.

Each chunk is a transaction of its own: safe to repeat, to interrupt, and to run twice at once.
"""

import logging
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from slatrack.domain.durations import parse_duration
from slatrack.otlp import log_blocks
from slatrack.tracking import store
from slatrack.tracking.log_models import LogBlock, LogPlace
from slatrack.tracking.models import Trace

logger = logging.getLogger(__name__)

CHUNK = 200  # blocks deleted in one transaction, so that nobody waits long for a lock
SIFTED = 20  # blocks unpacked in one transaction
EVENTS = "events"  # the setting that keeps log records of events only


def expire_logs(*, now: datetime) -> int:
    """Delete log records older than the settings allow; return how many went."""
    gone = 0
    while expired := _expire(now):
        gone += expired
    if settings.SLATRACK.logs_keep == EVENTS:
        while (sifted := _sift(now)) is not None:
            gone += sifted
    return gone


@transaction.atomic
def _expire(now: datetime) -> int:
    before = now - parse_duration(settings.SLATRACK.logs_kept_for)
    old = (
        LogBlock.objects.filter(created_at__lt=before)
        .order_by("id")
        .select_for_update(skip_locked=True)
    )
    blocks = list(old.values_list("id", "logs")[:CHUNK])
    _delete([block_id for block_id, _ in blocks])
    return sum(logs for _, logs in blocks)


@transaction.atomic
def _sift(now: datetime) -> int | None:
    """Take log records out of some blocks that belong to no event by now; None: nothing to do."""
    before = now - parse_duration(settings.SLATRACK.parked_for)
    due = LogBlock.objects.filter(sifted=False, created_at__lt=before).order_by("id")
    blocks = list(due.select_for_update(skip_locked=True)[:SIFTED])
    if not blocks:
        return None
    traces = set(LogPlace.objects.filter(block__in=blocks).values_list("trace", flat=True))
    events: set[UUID] = set()
    for some in store.chunks(traces):
        bound = Trace.objects.filter(id__in=some, bound=True)
        events.update(bound.values_list("id", flat=True))
    return sum(_keep(block, {one.bytes for one in events}) for block in blocks)


def _keep(block: LogBlock, events: set[bytes]) -> int:
    """Keep what belongs to `events` of a block; return how many log records went."""
    try:
        kept = log_blocks.unpack(bytes(block.data), events)
    except log_blocks.BlockDamagedError:
        logger.exception("log block %d cannot be read; its log records are gone", block.pk)
        kept = []
    gone = block.logs - len(kept)
    if not kept:
        _delete([block.pk])
        return gone
    block.sifted = True
    if gone:
        block.logs, block.data = len(kept), log_blocks.pack(kept)
        others = LogPlace.objects.filter(block=block)
        others.exclude(trace__in={UUID(bytes=one.trace_id) for one in kept}).delete()
    block.save()
    return gone


def _delete(block_ids: list[int]) -> None:
    LogPlace.objects.filter(block__in=block_ids).delete()
    LogBlock.objects.filter(id__in=block_ids).delete()
