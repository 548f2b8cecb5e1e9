"""The table of faults: what each does to which process, and when. The names are the interface.

Each is called with consumers and watcher running and nothing sent; it sends what it needs, and
ends with all running again. What must hold then is the same for all: see `invariants`.
"""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from slatrack.bench.faults import backlog, clock, database, kafka, storm
from slatrack.bench.faults.members import Member
from slatrack.bench.faults.proxy import Link
from slatrack.bench.faults.scene import Scene
from slatrack.tracking.models import Flip, Journey, UnroutedFlip

TAKEN_OVER = 90.0  # seconds until another must have the partitions of one that is silent


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: `about` says what, in words. `needs_servers`: can stop them."""

    about: str
    act: Callable[[Scene], None]
    needs_servers: bool = False


def kill(scene: Scene) -> None:
    """kill -9 of either consumer, each time once a random part of what came since has been read."""
    amid = 0
    for number in range(scene.kills):
        read = scene.read()
        scene.send((number + 1) / scene.kills)
        end = sum(scene.topic.ends())
        upto = scene.rng.randint(min(read + 1, end), end)
        scene.until(lambda n=upto: scene.read() >= n, "no progress between kills")  # type: ignore[misc]
        amid += scene.read() < end
        again(scene.rng.choice(scene.consumers))
    scene.notes["killed_with_records_unread"] = amid


def kill_again_and_again(scene: Scene) -> None:
    """kill -9 of both at any moment, also as they start, join, claim and take up their work."""
    scene.send()
    for _ in range(scene.kills):
        time.sleep(scene.rng.uniform(0, 4))
        again(scene.rng.choice(scene.consumers))
    for member in scene.watcher:
        again(member)


def kill_in_commit(scene: Scene) -> None:
    """kill -9 with the COMMIT under way: the database takes it, nobody hears that it did."""
    for share, member in zip((0.3, 0.6), scene.consumers, strict=True):
        caught(scene, share, member, lambda link, one=member: one.kill())  # type: ignore[misc]
        member.start()
    scene.send()


def outage(scene: Scene) -> None:
    """Stop all consumers while deadlines pass whose proof waits in Kafka: unknown, not missed."""
    scene.send(sinks=False)
    scene.until(scene.all_read, "it never began")
    for member in scene.consumers:
        member.end()
    scene.send_sinks()
    scene.until(lambda: verdicts() == {"unknown"}, "nobody said unknown")
    for member in scene.consumers:
        member.start()
    scene.until(scene.all_read, "it never went on")
    scene.notes["unknown_meanwhile"] = sum(
        model.objects.filter(after="unknown").count() for model in (UnroutedFlip, Flip)
    )


def verdicts() -> set[str]:
    """Return the verdicts that journeys have now."""
    return set(Journey.objects.values_list("verdict", flat=True))


def two_owners(scene: Scene) -> None:
    """SIGSTOP of a consumer, so long that the other takes over; then SIGCONT: it must be fenced."""
    scene.send(0.5)
    member, other = scene.consumers
    scene.until(lambda: scene.owned_by(member) > 0, "it owns nothing")
    member.send(signal.SIGSTOP)
    scene.send(0.8)
    scene.until(lambda: scene.owned_by(member) == 0, "nobody took over", seconds=TAKEN_OVER)
    member.send(signal.SIGCONT)
    scene.send()
    scene.notes["taken_over_by"] = scene.owned_by(other)


def two_owners_in_commit(scene: Scene) -> None:
    """The same with a transaction open, whose rows the other needs to take over."""
    member = scene.consumers[0]

    def stop(link: Link) -> None:
        began = time.monotonic()
        member.send(signal.SIGSTOP)
        scene.until(lambda: scene.owned_by(member) == 0, "nobody took over", seconds=TAKEN_OVER)
        scene.notes["seconds_until_taken_over"] = round(time.monotonic() - began, 1)

    caught(scene, 0.5, member, stop)
    member.send(signal.SIGCONT)
    scene.send()


def again(member: Member) -> None:
    """Kill and start."""
    member.kill()
    member.start()


def caught(scene: Scene, share: float, member: Member, act: Callable[[Link], None]) -> None:
    """Send up to that share; act on the COMMIT of `member` that stores of it, until that is done.

    It is lain in wait for before anything is sent: a quick consumer is done at once.
    """
    done: list[bool] = []

    def at_commit(link: Link) -> None:
        try:
            act(link)
        finally:
            done.append(True)

    scene.until(lambda: scene.owned_by(member) > 0, "it owns nothing")
    member.proxy.at_commit = at_commit
    scene.send(share, wait=False)
    scene.until(lambda: bool(done), "it stored nothing", seconds=150)


def ambiguous_commit(scene: Scene) -> None:
    """The connection is cut after COMMIT was sent and before its answer came, several times."""

    def cut(link: Link) -> None:
        link.swallow = True

    for share in (0.3, 0.6, 0.9):
        caught(scene, share, scene.rng.choice(scene.consumers), cut)
    scene.send()


FAULTS: dict[str, Fault] = {
    "kill": Fault("kill -9 of consumers at random moments", kill),
    "kill_again": Fault("kill -9 again and again, also while they start", kill_again_and_again),
    "kill_in_commit": Fault("kill -9 inside the COMMIT", kill_in_commit),
    "ambiguous_commit": Fault("cut between COMMIT and its answer", ambiguous_commit),
    "outage": Fault("consumers stopped while deadlines pass", outage),
    "catch_up": Fault("a backlog, and how long until it is judged", backlog.catch_up),
    "two_owners": Fault("SIGSTOP, rebalance, SIGCONT", two_owners),
    "two_owners_in_commit": Fault("the same with a transaction open", two_owners_in_commit),
    "claimed": Fault("others claim one partition of several in a batch", database.claim),
    "database_restart": Fault(
        "PostgreSQL stopped and started", database.restart, needs_servers=True
    ),
    "backend_terminated": Fault("the server ends sessions", database.terminate),
    "connections_exhausted": Fault("no connection is left for us", database.exhaust),
    "long_reader": Fault("a reader holds a snapshot all the while", database.read_long),
    "locked": Fault("a table is locked beyond max.poll.interval", database.lock_long),
    "regrouped": Fault("a consumer comes while the other waits, and goes", database.regroup),
    "silent_network": Fault("packets to the database vanish", database.vanish),
    "slow_disk": Fault("each COMMIT takes a second longer", database.slow),
    "broker_restart": Fault("Kafka stopped and started", kafka.restart, needs_servers=True),
    "broker_absent": Fault("Kafka away as slatrack starts", kafka.absent, needs_servers=True),
    "retention": Fault("Kafka deletes what was not read", kafka.overtake),
    "poison": Fault("records that nobody can read", kafka.poison),
    "storm": Fault("many of these at random moments, several at a time", storm.storm),
    "clock": Fault("the clock jumps an hour ahead, and back", clock.jump),
}  # fmt: skip
