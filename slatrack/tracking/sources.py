"""Sources: where spans are read from, how far, and who may say so.

A source's row is moved in the transaction that stores its spans. Each change of owner raises its
`epoch`; whoever still works with an older one is fenced: it can write nothing.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from slatrack.tracking import feeds, store
from slatrack.tracking.decisions import Moment
from slatrack.tracking.models import Source

UNREAD = datetime(1970, 1, 1, tzinfo=UTC)  # the watermark of a source that nobody has read yet
REPLAY_SILENCE = timedelta(seconds=60)  # a replay without a sign of life for longer is dead
REPLAY = "replay:"
MOVED = ("next_offset", "watermark_at", "lag")
HELD_UP = timedelta(seconds=1)  # less than this behind, flows are not told apart
LOWEST = (  # of the sources that `live` returns
    "SELECT MIN(COALESCE(watermark_at, %s)) FROM tracking_source"
    ' WHERE "group" = %s AND topic IN ({}) OR name LIKE %s AND alive_at >= %s'
)


class Fenced(Exception):
    """A source has another owner now; what was read from it must be dropped."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"no longer the owner of {', '.join(names)}")
        self.names = tuple(names)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to move a source: `next_offset` is where to go on, None where none was stored."""

    name: str
    epoch: int
    next_offset: int | None


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a source has been read. A field of None leaves what is stored."""

    name: str
    epoch: int
    next_offset: int | None = None
    watermark_at: datetime | None = None
    lag: int | None = None


def claim(
    topic: str, partitions: Iterable[int], *, group: str, owner: str, now: datetime
) -> dict[int, Claim]:
    """Make `owner` the one owner of these partitions; whoever had them is fenced from now on."""
    with transaction.atomic():
        return {
            partition: _claim_one(topic, partition, group=group, owner=owner, now=now)
            for partition in sorted(partitions)
        }


def _claim_one(topic: str, partition: int, *, group: str, owner: str, now: datetime) -> Claim:
    name = f"{group}:{topic}:{partition}"
    where = {"topic": topic, "partition": partition, "group": group}
    Source.objects.get_or_create(name=name, defaults={**where, "alive_at": now})
    Source.objects.filter(name=name).update(epoch=F("epoch") + 1, owner=owner, alive_at=now)
    row = Source.objects.get(name=name)
    return Claim(name, row.epoch, row.next_offset)


def advance(advances: Iterable[Advance], *, now: datetime) -> None:
    """Move sources. Raises Fenced, having moved some: call it inside the transaction to undo."""
    moves = {one.name: one for one in advances}
    if not moves:
        return
    rows = store.select(Source, ("id", "name", "epoch", *MOVED), moves, by="name", lock=True)
    found = {name: (row_id, epoch, known) for row_id, name, epoch, *known in rows}
    ours = {name for name, (_, epoch, _) in found.items() if moves[name].epoch == epoch}
    moved = [
        (row_id, now, *_moved(moves[name], known))
        for name, (row_id, _, known) in found.items()
        if name in ours
    ]
    store.update(Source, ("id", "alive_at", *MOVED), moved)
    if len(ours) < len(moves):
        raise Fenced(sorted(moves.keys() - ours))


def _moved(one: Advance, known: Sequence[Any]) -> list[Any]:
    said = (one.next_offset, one.watermark_at, one.lag)
    return [old if new is None else new for new, old in zip(said, known, strict=True)]


@transaction.atomic
def touch(advances: Iterable[Advance], *, now: datetime) -> None:
    """Say that the owner lives and how far it sees, where there were no spans to record."""
    advance(advances, now=now)


def forget(group: str) -> None:
    """Forget how far a group has read: its Kafka is a new one, which starts at offset 0."""
    Source.objects.filter(group=group, partition__gte=0).delete()


def start_replay(owner: str, *, now: datetime) -> Claim:
    """Register a replay: while it lives, the watermark stands at the oldest span it has brought."""
    row = Source.objects.create(
        name=f"{REPLAY}{uuid.uuid4()}", owner=owner, epoch=1, watermark_at=now, alive_at=now
    )
    return Claim(row.name, row.epoch, None)


def end_replay(replay: Claim) -> None:
    """Take a replay's hold off the watermark."""
    Source.objects.filter(name=replay.name).delete()


def live(now: datetime) -> QuerySet[Source]:
    """Return the sources that count: partitions of the topics read now, replays under way.

    A partition whose reader is dead does count: what is in it has not been seen.
    """
    read = Q(group=settings.SLATRACK.kafka_group, topic__in=_topics())
    replays = Q(name__startswith=REPLAY, alive_at__gte=now - REPLAY_SILENCE)
    return Source.objects.filter(read | replays)


class Watermarks(NamedTuple):
    """Up to when telemetry has been read: all of it, and what feeds each flow that is `ahead`."""

    whole: datetime | None
    ahead: Mapping[str, datetime]

    def of(self, flow: str) -> datetime | None:
        """Return up to when what feeds a flow has been read; None where nothing is being read."""
        return self.ahead.get(flow, self.whole)

    def moment(self, now: datetime, *, silent: bool) -> Moment:
        """Return `now` with how far the telemetry has been read for each flow."""
        return Moment(now, self.whole or now, silent, self.ahead)


def watermarks(now: datetime) -> Watermarks:
    """Return up to when telemetry has been read. While it is fresh that is one small query."""
    whole = watermark(now)
    apart = feeds.current() if whole is not None and whole < now - HELD_UP else {}
    if whole is None or not apart:
        return Watermarks(whole, {})
    rows = live(now).values_list("topic").annotate(at=Min(_unread()))
    read: dict[str, datetime] = dict(rows)
    ahead: dict[str, datetime] = {}
    for flow, topics in apart.items():
        at = min((at for topic, at in read.items() if topic not in topics), default=whole)
        if at > whole:
            ahead[flow] = at
    return Watermarks(whole, ahead)


def watermark(now: datetime) -> datetime | None:
    """Return up to when all telemetry has been read; None where nothing is being read.

    Asked for every batch and look: to compose the query anew takes the ORM a millisecond.
    """
    topics, written = _topics(), connection.ops.adapt_datetimefield_value
    marks = ", ".join(["%s"] * len(topics))
    values = [written(UNREAD), settings.SLATRACK.kafka_group, *topics, f"{REPLAY}%"]
    with connection.cursor() as cursor:
        cursor.execute(LOWEST.format(marks), [*values, written(now - REPLAY_SILENCE)])
        [found] = cursor.fetchone()
    if isinstance(found, str):  # as SQLite keeps it
        return datetime.fromisoformat(found).replace(tzinfo=UTC)
    return cast("datetime | None", found)


def _topics() -> list[str]:
    """Return the topics that spans are read from."""
    return [entry.split(":")[0].strip() for entry in settings.SLATRACK.kafka_topics.split(",")]


def _unread() -> Coalesce:
    return Coalesce("watermark_at", UNREAD)
