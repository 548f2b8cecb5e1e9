"""What is wrong with slatrack itself right now, as its tables show it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q

from slatrack.alerting.models import Trouble
from slatrack.domain.calendars import Calendars
from slatrack.domain.instants import rfc3339
from slatrack.tracking import closures, room, sources
from slatrack.tracking.housekeeping import LOST_TO_RETENTION
from slatrack.tracking.models import Source, Tally
from slatrack.tracking.watcher import NAME as WATCHER

LOST_FOR = timedelta(hours=1)  # without a further loss; then the trouble is over
HOLDS = timedelta(seconds=4)  # so that a second look has found it

Kind = Trouble.Kind


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that is wrong; it is told once it has been seen for as long as it must hold."""

    kind: str
    sentence: str
    count: int = 0
    holds: timedelta = HOLDS


def symptoms(*, now: datetime) -> list[Symptom]:
    """Return all that is wrong at `now`; nothing where nothing was ever started."""
    patience = timedelta(seconds=settings.SLATRACK.trouble_seconds)
    return [
        *_watcher(now, patience),
        *_telemetry(now, patience),
        *_lost(now),
        *_ending(now),
    ]


def _watcher(now: datetime, patience: timedelta) -> Iterator[Symptom]:
    row = Source.objects.filter(name=WATCHER, alive_at__lt=now - patience).first()
    if row is not None:
        yield Symptom(
            Kind.WATCHER,
            f"No deadline has been watched since {rfc3339(row.alive_at)}: those that pass in "
            "silence go unnoticed. Is `manage.py watch_deadlines` running?",
        )


def _telemetry(now: datetime, patience: timedelta) -> Iterator[Symptom]:
    """One trouble, told by its cause where that is known: a partition without a reader."""
    partitions = sources.live(now).filter(partition__gte=0)
    silent = list(partitions.filter(alive_at__lt=now - patience).order_by("alive_at"))
    if silent:
        yield Symptom(Kind.TELEMETRY, _unread(silent, partitions.count()))
        return
    late = Q(watermark_at=None) | Q(watermark_at__lt=now - patience)
    first = partitions.filter(late).order_by(F("watermark_at").asc(nulls_first=True)).first()
    if first is not None:
        unread = first.watermark_at is None
        read = "never" if unread else f"only up to {rfc3339(first.watermark_at)}"
        yield Symptom(
            Kind.TELEMETRY,
            f"Telemetry of {first.name} has been read {read}, although it has a reader: deadlines "
            "that pass are unknown until it goes on. Can Kafka be reached? Is it too much?",
            holds=patience if unread else HOLDS,
        )


def _unread(silent: Sequence[Source], partitions: int) -> str:
    if room.is_full():
        return room.SENTENCE
    return (
        f"{len(silent)} of {partitions} partitions have no reader, the first since "
        f"{rfc3339(silent[0].alive_at)}. Is `manage.py consume_spans` running, and can it "
        "reach Kafka?"
    )


def _lost(now: datetime) -> Iterator[Symptom]:
    count = Tally.objects.filter(name=LOST_TO_RETENTION).values_list("count", flat=True).first()
    last = Trouble.objects.filter(kind=Kind.LOST).order_by("-began_at").first()
    if not count or (last is not None and count == last.count and _over(last, now)):
        return
    yield Symptom(
        Kind.LOST,
        f"Kafka deleted {count:,} records in all before they were read: events may lack steps, and "
        "deadlines be called missed that were met. Let Kafka keep them longer, or read faster.",
        count,
        holds=timedelta(0),
    )


def _over(last: Trouble, now: datetime) -> bool:
    """Whether that many have been told of already, and long enough ago."""
    return last.ended_at is not None or last.seen_at <= now - LOST_FOR


def _ending(now: datetime) -> Iterator[Symptom]:
    """Calendars that rules rest on and that end soon: past the end nothing can be calculated."""
    until = (now + timedelta(days=settings.SLATRACK.calendar_notice_days)).date()
    known = Calendars.shipped()
    ending = {code: known.horizon(code)[1] for code in closures.codes_in_force()}
    first = min((last, code) for code, last in ending.items()) if ending else None
    if first is not None and first[0] <= until:
        last, code = first
        yield Symptom(
            Kind.CALENDAR,
            f"Calendar {code} is known up to {last} only, and deadlines rest on it: those beyond "
            "cannot be calculated. Update slatrack, which brings its calendars.",
        )
