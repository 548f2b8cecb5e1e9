"""The index of messages: which traces wrote or read the message of a topic, partition and offset.

Rows are only ever inserted, one a bucket of neighbouring offsets and batch, so no two writers wait
for each other. Looking up comes after the commit: of two writers that each add one side at the same
time, the later one sees the other's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from struct import Struct

from slatrack.domain.edges import Message
from slatrack.tracking import models, store

MOST_SHARING = 100  # traces of one message that are told of each other

_entry = Struct(">B16s")  # the offset within its bucket, trace id
Entries = dict[int, bytes]  # by bucket, packed


def note(messages: Iterable[tuple[bytes, Message]], *, now: datetime) -> Entries:
    """Insert who (a trace id) wrote or read which messages; return the same, packed by bucket."""
    found: dict[int, dict[bytes, None]] = defaultdict(dict)
    for trace_id, (topic, partition, offset) in messages:
        bucket = _bucket(topic, partition, offset >> 8)
        found[bucket][_entry.pack(offset & 255, trace_id)] = None
    entries = {bucket: b"".join(some) for bucket, some in found.items()}
    rows = [(bucket, packed, now) for bucket, packed in entries.items()]
    models.MessageBlock.objects.bulk_create(
        models.MessageBlock(bucket=bucket, entries=packed, created_at=at)
        for bucket, packed, at in rows
    )
    return entries


def forget() -> None:
    """Forget who wrote and read what: the topics are new ones, whose offsets begin at 0 again."""
    models.MessageBlock.objects.all().delete()


@lru_cache(maxsize=10_000)
def _bucket(topic: str, partition: int, number: int) -> int:
    text = f"{topic}\0{partition}\0{number}"
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def pairs(noted: Mapping[int, bytes]) -> set[tuple[bytes, bytes]]:
    """Return pairs of traces that very likely share one of the `noted` messages; bounded."""
    wanted = {
        (bucket, low) for bucket, packed in noted.items() for low, _ in _entry.iter_unpack(packed)
    }
    sharing: dict[tuple[int, int], set[bytes]] = defaultdict(set)
    for some in store.chunks(noted):
        rows = models.MessageBlock.objects.filter(bucket__in=some)
        for bucket, packed in rows.values_list("bucket", "entries"):
            for low, trace_id in _entry.iter_unpack(bytes(packed)):
                if (bucket, low) in wanted:
                    sharing[bucket, low].add(trace_id)
    return {
        (one, other)
        for traces in sharing.values()
        if len(traces) > 1
        for one in sorted(traces)[:MOST_SHARING]
        for other in sorted(traces)[:MOST_SHARING]
        if one < other
    }
