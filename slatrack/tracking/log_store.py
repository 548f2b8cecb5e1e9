"""The one way into the log store: what can be found by its trace is kept, packed, once, bounded.

`recorder.record` calls it inside its transaction, so that log records, spans and the offsets they
came with are stored together or not at all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from hashlib import blake2b
from uuid import UUID

from django.conf import settings
from django.db import transaction

from slatrack import metrics
from slatrack.otlp import log_blocks
from slatrack.otlp.log_decoding import LogRecord
from slatrack.tracking import store as rows
from slatrack.tracking.log_models import LogBlock, LogPlace

LOGS_PER_BLOCK = 500
DIGEST = 8  # bytes
Place = tuple[UUID, int, bytes]  # trace, block, digests
NOTHING = "nothing"  # the setting that keeps no log records


@dataclass(slots=True)
class Arrived:
    """Log records of a batch, and how many came that name no trace."""

    records: list[LogRecord] = field(default_factory=list)
    untraced: int = 0


@dataclass(slots=True)
class Kept:
    """What became of a batch. `beyond` were left out: their trace has as many as are kept."""

    new: int = 0
    duplicate: int = 0
    beyond: int = 0
    untraced: int = 0
    unwanted: int = 0


def store(arrived: Arrived, *, now: datetime) -> Kept:
    """Keep log records; the same ones again change nothing. Call it inside a transaction."""
    kept = Kept(untraced=arrived.untraced)
    if settings.SLATRACK.logs_keep == NOTHING:
        kept.unwanted = len(arrived.records)
    elif arrived.records:
        _write(list(_fresh(arrived.records, kept)), now=now)
    transaction.on_commit(partial(metrics.count_logs, asdict(kept)))
    return kept


def digest(one: LogRecord) -> bytes:
    """Return what tells a log record from others of its trace."""
    origin = blake2b(one.raw_resource, digest_size=DIGEST)
    origin.update(one.raw_scope)
    origin.update(one.raw)
    return origin.digest()


def _fresh(records: Sequence[LogRecord], kept: Kept) -> Iterator[tuple[LogRecord, bytes]]:
    """Yield the records that are not known, as many as their traces may have, with digests."""
    known = _known({one.trace_id for one in records})
    most = settings.SLATRACK.logs_per_trace
    for one in records:
        seen, mark = known[one.trace_id], digest(one)
        if mark in seen:
            kept.duplicate += 1
        elif len(seen) >= most:
            kept.beyond += 1
        else:
            seen.add(mark)
            kept.new += 1
            yield one, mark


def _known(trace_ids: Collection[bytes]) -> dict[bytes, set[bytes]]:
    found: dict[bytes, set[bytes]] = defaultdict(set)
    for some in rows.chunks([UUID(bytes=one) for one in trace_ids]):
        places = LogPlace.objects.filter(trace__in=some)
        for trace, digests in places.values_list("trace", "digests"):
            packed = bytes(digests)
            found[trace.bytes].update(
                packed[at : at + DIGEST] for at in range(0, len(packed), DIGEST)
            )
    return found


def _write(fresh: list[tuple[LogRecord, bytes]], *, now: datetime) -> None:
    fresh.sort(key=_by_trace)
    packs = [fresh[n : n + LOGS_PER_BLOCK] for n in range(0, len(fresh), LOGS_PER_BLOCK)]
    blocks = LogBlock.objects.bulk_create(
        LogBlock(created_at=now, logs=len(one), data=log_blocks.pack([log for log, _ in one]))
        for one in packs
    )
    rows.insert(
        LogPlace,
        ("trace", "block", "digests"),
        [
            place
            for block, one in zip(blocks, packs, strict=True)
            for place in _places(block.id, one)
        ],
    )


def _places(block_id: int, pairs: Sequence[tuple[LogRecord, bytes]]) -> list[Place]:
    """Return the rows that say where the log records of a block are."""
    digests: dict[bytes, list[bytes]] = defaultdict(list)
    for one, mark in pairs:
        digests[one.trace_id].append(mark)
    return [(UUID(bytes=trace), block_id, b"".join(marks)) for trace, marks in digests.items()]


def _by_trace(pair: tuple[LogRecord, bytes]) -> bytes:
    return pair[0].trace_id
