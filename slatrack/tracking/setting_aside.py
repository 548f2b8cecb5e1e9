"""Setting aside: records and spans that cannot be read are kept with the reason, to be replayed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from slatrack import metrics
from slatrack.tracking.models import SetAside

MAX_REASON = 500
PER_STATEMENT = 50  # rows carry whole records: a statement must not grow to gigabytes


@dataclass(frozen=True, slots=True)
class Aside:
    """What could not be read. With an offset it is kept once, however often it comes."""

    source: str  # kafka, http, grpc, file
    reason: str
    data: bytes
    topic: str = ""
    partition: int | None = None
    offset: int | None = None
    encoding: str = ""
    size: int | None = None  # bytes, where `data` is only their beginning


def store(asides: Iterable[Aside], *, now: datetime) -> None:
    """Keep `asides`; one that is known already changes nothing."""
    rows = [_row(aside, now=now) for aside in asides]
    if rows:
        SetAside.objects.bulk_create(rows, batch_size=PER_STATEMENT, ignore_conflicts=True)
    for row in rows:
        metrics.SET_ASIDE.labels(row.source).inc()


def _row(aside: Aside, *, now: datetime) -> SetAside:
    return SetAside(
        source=aside.source,
        topic=aside.topic.replace("\0", "")[-249:],
        partition=aside.partition,
        offset=aside.offset,
        encoding=aside.encoding,
        reason=aside.reason.replace("\0", "")[:MAX_REASON],
        size=len(aside.data) if aside.size is None else aside.size,
        data=aside.data,
        at=now,
    )


def mark_replayed(row_id: int, *, now: datetime) -> None:
    """Note that a record set aside has been read after all."""
    SetAside.objects.filter(id=row_id).update(replayed_at=now)
