"""Rematching: parked spans are recorded once more, because a flow may know them now.

Recording is idempotent: a span that says something now joins its event, any other stays parked.
While it runs the watermark stands at the oldest span brought, as in a replay: what the rest proves
is not known yet, so nothing may be called missed for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from slatrack.domain.durations import parse_duration
from slatrack.domain.instants import to_datetime
from slatrack.otlp.decoding import Wanted
from slatrack.otlp.rereading import reread
from slatrack.tracking import flows, models, recorder, sources, span_blocks, work
from slatrack.tracking.discovery_models import Rematch
from slatrack.tracking.packing import unpack_trace

TASK = "tracking.match_parked"
TRACES = 500  # of one batch


def ask(*, flow: str = "", by: Any = None, now: datetime) -> Rematch:
    """Have a worker match again all that is parked."""
    row = _new(now, flow=flow, by=by)
    work.ask(TASK, row)
    return row


def is_needed() -> bool:
    """Whether anything is parked."""
    return models.Trace.objects.filter(bound=False).exists()


def match_now(*, clock: work.Clock, within: timedelta | None = None) -> Rematch:
    """Match again at once, in this process."""
    row = _new(clock(), within=within)
    carry_out(row, clock=clock)
    return row


def _new(now: datetime, *, within: timedelta | None = None, **fields: Any) -> Rematch:
    since = now - (within or parse_duration(settings.SLATRACK.parked_for))
    return Rematch.objects.create(asked_at=now, alive_at=now, since=since, **fields)


def carry_out(row: Rematch, *, clock: work.Clock) -> None:
    """Match again the parked traces that came since `row.since`; safe to repeat, and to kill."""
    with work.carrying_out(row, clock):
        parked = models.Trace.objects.filter(
            bound=False, created_at__range=(row.since, row.asked_at)
        )
        row.total, row.done, row.joined = parked.count(), 0, 0
        hold = sources.start_replay("match parked spans", now=clock())
        try:
            _all(row, hold, clock)
        finally:
            sources.end_replay(hold)


def _all(row: Rematch, hold: sources.Claim, clock: work.Clock) -> None:
    oldest = clock()
    for batch in _batches(row.since, row.asked_at):
        now = clock()
        wanted = Wanted(flows.current().wanted, settings.SLATRACK.span_max_bytes)
        spans = reread(span_blocks.load(batch), wanted=wanted, now=now)
        oldest = min([oldest, *(to_datetime(min(s.start for s in spans)) for _ in spans[:1])])
        advance = sources.Advance(hold.name, hold.epoch, None, oldest)
        recorder.record(spans, now=now, offsets=[advance])
        ids = [UUID(bytes=trace_id) for trace_id in batch]
        row.joined += models.Trace.objects.filter(id__in=ids, bound=True).count()
        row.done += len(batch)
        row.alive_at = now
        row.save(update_fields=["joined", "done", "total", "alive_at"])


def _batches(since: datetime, until: datetime) -> Iterator[Mapping[bytes, Sequence[int]]]:
    """Yield parked traces with their blocks, each once, in the order in which they came."""
    at, last = since, UUID(int=0)
    while True:
        after = models.Trace.objects.filter(bound=False, created_at__range=(at, until))
        rows = list(
            after.exclude(created_at=at, id__lte=last)
            .order_by("created_at", "id")
            .values_list("created_at", "id", "state")[:TRACES]
        )
        if not rows:
            return
        at, last, _ = rows[-1]
        yield {row_id.bytes: unpack_trace(state).blocks for _, row_id, state in rows}
