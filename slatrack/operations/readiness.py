"""Is slatrack able to do its job: database, migrations, room, reader of spans, watcher?"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor

from slatrack.tracking import room, sources
from slatrack.tracking.models import Source
from slatrack.tracking.watcher import NAME as WATCHER

READER_SILENCE = timedelta(seconds=30)
WATCHER_SILENCE = timedelta(seconds=15)

_migrated: set[str] = set()  # databases seen fully migrated; that does not change back


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing looked at. `reason` says why it is not ready, and what to do."""

    name: str
    ready: bool
    reason: str = ""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def look(*, now: datetime, pages_only: bool = False) -> list[Answer]:
    """Look at everything, or at what pages need; at nothing more once the database is away."""
    answers = [_ask("database", _database)]
    if not answers[0].ready:
        return answers
    answers.append(_ask("migrations", _migrations))
    if answers[1].ready and not pages_only:
        answers.append(_ask("room", _room))
        answers.append(_ask("reader", partial(_reader, now)))
        answers.append(_ask("watcher", partial(_watcher, now)))
    return answers


def _ask(name: str, question: Callable[[], str]) -> Answer:
    """Ask for the reason against; an empty one means ready."""
    try:
        reason = question()
    except (DatabaseError, InterfaceError) as error:
        reason = f"the database does not answer: {type(error).__name__}"
    return Answer(name, not reason, reason)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    name = str(connection.settings_dict["NAME"])
    if name in _migrated:
        return ""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        first = missing[0][0]
        return f"{len(missing)} migrations are missing, first {first}: run `manage.py migrate`"
    _migrated.add(name)
    return ""


def _room() -> str:
    return room.SENTENCE if room.is_full() else ""


def _reader(now: datetime) -> str:
    given = settings.SLATRACK
    if not given.embedded and not given.kafka_brokers:
        return ""  # spans arrive over OTLP only
    partitions = sources.live(now).filter(partition__gte=0)
    silent = partitions.filter(alive_at__lt=now - READER_SILENCE).order_by("alive_at")
    if not partitions.exists():
        return "no partition has been read yet: is `manage.py consume_spans` running?"
    if oldest := silent.first():
        seconds = int((now - oldest.alive_at).total_seconds())
        return (
            f"{silent.count()} of {partitions.count()} partitions have no reader; {oldest.name} "
            f"for {seconds} s: is `manage.py consume_spans` running?"
        )
    return ""


def _watcher(now: datetime) -> str:
    row = Source.objects.filter(name=WATCHER).first()
    if row is None:
        return "the watcher has never run: is `manage.py watch_deadlines` running?"
    silence = now - row.alive_at
    if silence > WATCHER_SILENCE:
        return (
            f"the watcher has been silent for {int(silence.total_seconds())} s, so deadlines pass "
            "unseen: is `manage.py watch_deadlines` running?"
        )
    return ""
