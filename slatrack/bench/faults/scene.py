"""The scene of one fault: consumers and a watcher on real servers, a load with its manifest."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection
from django.db.models import Sum
from psycopg.conninfo import make_conninfo

from slatrack.bench.faults import invariants, telling
from slatrack.bench.faults.manifest import RECORDS_PER_WINDOW, SPANS_PER_WINDOW, Manifest
from slatrack.bench.faults.members import Member
from slatrack.bench.faults.proxy import RECORDING, WRITING, Proxy
from slatrack.bench.faults.servers import Servers
from slatrack.bench.faults.topic import Topic
from slatrack.bench.load import SECOND
from slatrack.bench.place import own_connection, own_redis
from slatrack.tracking.models import Source

CONSUMERS = 2
SINKS = 3  # of the records of a window, the one that proves that events arrived
PATIENCE = 120.0  # seconds without progress
NEVER = datetime.min.replace(tzinfo=UTC)
JUDGED = 60.0  # seconds after the last has been due and read until all must be judged
TOLD = 180.0  # seconds until all must be told: who was killed in sending holds it for a minute
DUE = timedelta(minutes=15)  # of the load's deadlines, after an event began
SLOWEST = 1_000  # spans a second that are made and sent at least


class Stuck(Exception):
    """What had to come did not; says what."""


@dataclass(slots=True)
class Scene:
    """What a fault works on. `kills` is how often it kills, where it does."""

    windows: int  # of events, 50 each, to be sent in all
    manifest: Manifest
    topic: Topic
    rng: random.Random
    kills: int
    servers: Servers | None
    consumers: list[Member] = field(default_factory=list)
    watcher: list[Member] = field(default_factory=list)
    worker: list[Member] = field(default_factory=list)  # where there is a Redis
    receiver: telling.Receiver = field(default_factory=telling.Receiver)
    numbers: dict[int, int] = field(default_factory=dict)  # of the manifest, by those of the topic
    asides: int = 0  # records that are to be set aside
    due: datetime = NEVER  # when the last of what was sent is
    notes: dict[str, object] = field(default_factory=dict)
    _held: list[tuple[int, bytes]] = field(default_factory=list)
    _from: float = 0.0
    _upto: float = 1.0

    @property
    def members(self) -> Sequence[Member]:
        """All that may be done something to."""
        return (*self.consumers, *self.watcher, *self.worker)

    def turn(self, number: int, turns: int) -> None:
        """Begin one of so many turns: `send` counts from here to its end."""
        self._from, self._upto = number / turns, (number + 1) / turns

    def send(self, share: float = 1.0, *, wait: bool = True, sinks: bool = True) -> None:
        """Produce events up to that share of this turn; wait until Kafka has them.

        All their records are sent before any of them is due, but not long before. Without `sinks`
        the spans of their last service are held back, for `send_sinks`.
        """
        upto = self._from + share * (self._upto - self._from)
        windows = round(upto * self.windows) - len(self.manifest.records) // RECORDS_PER_WINDOW
        due = datetime.now(UTC) + timedelta(seconds=10 + windows * SPANS_PER_WINDOW / SLOWEST)
        if windows > 0:
            self.due = due
            self._add(windows, due, sinks=sinks)
        if wait:
            self.topic.flush()
            if datetime.now(UTC) > due:
                raise Stuck("this machine was too slow to send in time: nothing can be said")

    def _add(self, windows: int, due: datetime, *, sinks: bool) -> None:
        first = len(self.manifest.records)
        made = self.manifest.add(windows, round((due - DUE).timestamp()) * SECOND)
        numbered = list(enumerate(made, first))
        if not sinks:
            self._held = [one for one in numbered if one[0] % RECORDS_PER_WINDOW == SINKS]
            numbered = [one for one in numbered if one[0] % RECORDS_PER_WINDOW != SINKS]
        self._produce(numbered)

    def send_sinks(self) -> None:
        """Produce what was held back."""
        self._produce(self._held)
        self.topic.flush()

    def _produce(self, numbered: Sequence[tuple[int, bytes]]) -> None:
        sent = self.topic.sent
        self.numbers |= {sent + at: number for at, (number, _) in enumerate(numbered)}
        self.topic.produce(record for _, record in numbered)

    def read(self) -> int:
        """Return up to where records have been stored, added up over the partitions."""
        rows = Source.objects.filter(topic=self.topic.name)
        return rows.aggregate(n=Sum("next_offset"))["n"] or 0

    def all_read(self) -> bool:
        """Whether all that was sent is stored, or set aside."""
        return self.read() == sum(self.topic.ends())

    def owners(self) -> set[str]:
        """Return who owns partitions, by the database."""
        return set(Source.objects.filter(topic=self.topic.name).values_list("owner", flat=True))

    def epochs(self) -> int:
        """Return how often partitions were claimed, in all."""
        rows = Source.objects.filter(topic=self.topic.name)
        return rows.aggregate(n=Sum("epoch"))["n"] or 0

    def owned_by(self, member: Member) -> int:
        """Return how many partitions the process of `member` owns, by the database."""
        rows = Source.objects.filter(topic=self.topic.name, owner__contains=f":{member.pid}:")
        return rows.count()

    def until(self, condition: Callable[[], bool], why: str, *, seconds: float = PATIENCE) -> None:
        """Wait for a condition; raise Stuck(why) when it does not come, or a process has died."""
        end, last = time.monotonic() + seconds, None
        while not self._asked(condition):
            if (moved := self._quietly_read()) != last:
                last, end = moved, time.monotonic() + seconds
            if time.monotonic() > end:
                raise Stuck(f"{why}; {moved} of {sum(self.topic.ends())} records are stored")
            for one in self.members:
                if one.died():
                    raise Stuck(f"{one.command} ended by itself: {one.said()[-400:]}")
            time.sleep(0.05)

    def _asked(self, condition: Callable[[], bool]) -> bool:
        with suppress(Exception):  # the database may be what is away
            return condition()
        connection.close()
        return False

    def _quietly_read(self) -> int | None:
        with suppress(Exception):
            return self.read()
        connection.close()
        return None

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        """A connection of its own to the database, past the proxies."""
        with psycopg.connect(make_conninfo(**own_connection()), autocommit=True) as opened:
            yield opened


@contextmanager
def scene(
    spans: int,
    seed: int,
    folder: Path,
    *,
    kills: int,
    servers: Servers | None,
) -> Iterator[Scene]:
    """Set a scene: an empty topic, proxies, processes that are not started yet."""
    topic, windows = Topic(settings.SLATRACK.kafka_brokers), -(-spans // SPANS_PER_WINDOW)
    rng = random.Random(seed)  # noqa: S311 - no secret
    made = Scene(windows, Manifest(seed), topic, rng, kills, servers)
    with ExitStack() as stack:
        stack.callback(topic.remove)
        made.receiver = stack.enter_context(telling.receiving())
        for name, of in _commands(made, folder):
            counts = (RECORDING,) if of is made.consumers else WRITING
            proxy = stack.enter_context(Proxy(*_database(), counts))
            number = len(made.members)
            log = folder / f"{topic.name}-{number}.log"
            member = Member(name, proxy, log, _changed(topic))
            stack.callback(member.end)
            of.append(member)
        yield made


def _commands(made: Scene, folder: Path) -> Iterator[tuple[str, list[Member]]]:
    """Yield what is run, and whose list it is in."""
    for _ in range(CONSUMERS):
        yield "consume_spans", made.consumers
    yield "watch_deadlines", made.watcher
    if settings.SLATRACK.redis_url:
        yield telling.worker_command(folder), made.worker


def _changed(topic: Topic) -> dict[str, str]:
    return {
        **telling.ALLOWED,
        "SLATRACK_REDIS_URL": own_redis(),
        "SLATRACK_KAFKA_TOPICS": f"{topic.name}:otlp_proto",
        "SLATRACK_KAFKA_LOG_TOPICS": "",
        "SLATRACK_KAFKA_GROUP": topic.name,
        "SLATRACK_METRICS_PORT": "0",
    }


def _database() -> tuple[str, int]:
    at = connection.settings_dict
    return str(at["HOST"] or "127.0.0.1"), int(at["PORT"] or 5432)


def finish(made: Scene) -> list[str]:
    """Let everything come to rest; return what does not hold."""
    stuck = []
    try:
        made.until(made.all_read, "not all was read")
        seconds = JUDGED + max(0.0, (made.due - datetime.now(UTC)).total_seconds())
        made.until(lambda: invariants.settled(made.manifest), "not all was judged", seconds=seconds)
        if made.receiver.connected:
            made.until(telling.all_told, "not all was told", seconds=TOLD)
    except Stuck as exc:
        stuck.append(str(exc))
    now = datetime.now(UTC)
    found = invariants.broken(made.manifest, asides=made.asides, now=now)
    if made.receiver.connected:
        found += telling.broken(made.receiver.told)
        made.notes["messages_told"] = made.receiver.told.total()
        made.notes["of_them_again"] = made.receiver.told.total() - len(made.receiver.told)
    return [*stuck, *found]
