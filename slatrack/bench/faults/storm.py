"""A storm: faults of many kinds at random moments, several at a time, each for a while.

What holds through each fault alone may break where one meets another: who was stopped in a
transaction while the group changed hands, who was ended while nothing answered.
"""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

import psycopg

from slatrack.bench.faults import database
from slatrack.bench.faults.members import Member
from slatrack.bench.faults.proxy import Link
from slatrack.bench.faults.scene import Scene
from slatrack.bench.faults.servers import Servers

GUSTS = 4  # for each kill of a run that kills
LONGEST = 12.0  # seconds that one lasts: past session.timeout.ms, and past the keeper's patience
PAUSE = 2.0  # seconds at most between the begin of one and the next
PATIENCE = "SET lock_timeout = '2s'"  # one who is stopped may hold what is to be locked


class Gust(NamedTuple):
    """What goes wrong for as long as the context is open."""

    name: str
    blow: Callable[[], AbstractContextManager[None]]


def storm(scene: Scene) -> None:
    """Let gusts begin, overlap and end at random while the load is sent."""
    gusts = GUSTS * scene.kills
    if scene.worker:
        scene.receiver.connect()
    for member in scene.worker:
        member.start()
    blowing = Blowing(_places(scene), scene.members)
    try:
        for number in range(gusts):
            if "kafka" not in blowing.until:  # what is sent must be there before it is due
                scene.send(number / gusts)
            blowing.begin(scene)
            time.sleep(scene.rng.uniform(0, PAUSE))
            blowing.end(time.monotonic())
    finally:
        blowing.end(float("inf"))
    scene.notes["gusts"] = ", ".join(f"{n} {name}" for name, n in sorted(blowing.count.items()))
    scene.send()


@dataclass(slots=True)
class Blowing:
    """What goes on; one thing at a time in each place."""

    places: dict[str, list[Gust]]
    members: Sequence[Member]
    until: dict[str, tuple[float, ExitStack]] = field(default_factory=dict)
    count: Counter[str] = field(default_factory=Counter)

    def begin(self, scene: Scene) -> None:
        """Begin any gust where none is."""
        free = [place for place in self.places if place not in self.until]
        if not free:
            return
        place = scene.rng.choice(free)
        gust, stack = scene.rng.choice(self.places[place]), ExitStack()
        lasts = scene.rng.uniform(0, LONGEST)
        self._say(f"{gust.name} {place} for {lasts:.1f} s")
        stack.enter_context(gust.blow())
        stack.callback(self._say, f"{gust.name} {place} is over")
        self.until[place] = time.monotonic() + lasts, stack
        self.count[gust.name] += 1

    def end(self, now: float) -> None:
        """End those whose time has come by the monotonic clock; all of them, whichever fails."""
        with ExitStack() as ending:
            for place, (at, stack) in list(self.until.items()):
                if at <= now:
                    del self.until[place]
                    ending.callback(stack.close)

    def _say(self, what: str) -> None:
        """Tell it in the logs of all, among what they say."""
        for member in self.members:
            member.note(f"{datetime.now(UTC).isoformat()} storm: {what}")


def _places(scene: Scene) -> dict[str, list[Gust]]:
    places = {
        "tables": [_gust(locked, scene)],
        "sessions": [_gust(terminated, scene)],
        "claims": [_gust(claimed, scene)],
    }
    for number, member in enumerate(scene.members):
        places[f"process {number}"] = [_gust(one, member) for one in (killed, stopped, told)]
        ways = (silent, refused, slow, swallowed)
        places[f"way {number}"] = [_gust(one, member) for one in ways]
    if scene.servers is not None:
        servers = ("postgres", "kafka", "redis") if scene.worker else ("postgres", "kafka")
        places |= {name: [_gust(away, scene.servers, name)] for name in servers}
    return places


def _gust(blow: Callable[..., AbstractContextManager[None]], *on: object) -> Gust:
    return Gust(blow.__name__, partial(blow, *on))


@contextmanager
def killed(member: Member) -> Iterator[None]:
    """kill -9, and start."""
    member.kill()
    yield
    member.start()


@contextmanager
def stopped(member: Member) -> Iterator[None]:
    """Let it stand still, and go on."""
    member.send(signal.SIGSTOP)
    yield
    member.send(signal.SIGCONT)


@contextmanager
def told(member: Member) -> Iterator[None]:
    """Tell it to end, and start it."""
    member.send(signal.SIGTERM)
    yield
    member.end()
    member.start()


@contextmanager
def silent(member: Member) -> Iterator[None]:
    """Let packets to the database vanish."""
    member.proxy.silence()
    yield
    member.proxy.resume()


@contextmanager
def refused(member: Member) -> Iterator[None]:
    """Cut its connections to the database, and let it open no new one."""
    member.proxy.refusing = True
    member.proxy.cut()
    yield
    member.proxy.refusing = False


@contextmanager
def slow(member: Member) -> Iterator[None]:
    """Let each of its COMMITs take longer."""
    member.proxy.delay = database.SLOW
    yield
    member.proxy.delay = 0.0


@contextmanager
def swallowed(member: Member) -> Iterator[None]:
    """Cut the connection after its next COMMIT was sent, before the answer comes."""

    def cut(link: Link) -> None:
        link.swallow = True

    member.proxy.at_commit = cut
    yield
    member.proxy.at_commit = None


@contextmanager
def locked(scene: Scene) -> Iterator[None]:
    """Lock tables that each batch writes; not where others hold them, or the database is away."""
    with suppress(psycopg.Error), ExitStack() as stack:
        with suppress(psycopg.Error):
            admin = stack.enter_context(scene.admin())
            admin.execute(PATIENCE)
            database.lock(admin)
        yield


@contextmanager
def claimed(scene: Scene) -> Iterator[None]:
    """Claim one partition, as another consumer would that then reads nothing of it."""
    with suppress(psycopg.Error), scene.admin() as admin:
        admin.execute(PATIENCE)
        database.claim_any(scene, admin)
    yield


@contextmanager
def terminated(scene: Scene) -> Iterator[None]:
    """Let the server end all sessions."""
    with suppress(psycopg.Error), scene.admin() as admin:
        admin.execute(database.TERMINATE)
    yield


@contextmanager
def away(servers: Servers, name: str) -> Iterator[None]:
    """Stop a server, and start it."""
    servers.do("stop", name)
    yield
    servers.do("start", name)
