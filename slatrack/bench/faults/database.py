"""Faults of the database and of the way to it."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg import Connection

from slatrack.bench.faults.members import Member
from slatrack.bench.faults.scene import Scene, Stuck
from slatrack.bench.faults.topic import PARTITIONS

AWAY = 5.0  # seconds
LONG = 5.0  # seconds after which a consumer polls beside its transaction: consumers.keeper
SLOW = 1.0  # seconds that a commit takes longer
LOCKED = 25.0  # seconds, more than IMPATIENT's consumers may go without polling
IMPATIENT = {"max.poll.interval.ms": 10_000, "session.timeout.ms": 6_000}
GRANTS = (
    "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT ALL ON SCHEMA public TO {role}",
)
TERMINATE = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
    "AND datname = current_database() AND backend_type = 'client backend'"
)
CLAIM = "UPDATE tracking_source SET epoch = epoch + 1 WHERE topic = %s AND partition = %s"
CLAIMS = 20
TERMINATE_ROLE = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %s"


def restart(scene: Scene) -> None:
    """Stop PostgreSQL under load and start it, three times."""
    if scene.servers is None:
        raise Stuck("nobody can stop the database")
    for share in (0.3, 0.6, 0.9):
        before = scene.read()  # before sending: all of it may be read by then
        scene.send(share)
        scene.until(lambda n=before: scene.read() > n, "it stopped")  # type: ignore[misc]
        connection.close()
        scene.servers.do("stop", "postgres")
        time.sleep(2)
        scene.servers.do("start", "postgres")
    scene.send()


def claim(scene: Scene) -> None:
    """Claim a partition, again and again, as one that reads nothing of it: it has two owners."""
    with scene.admin() as admin:
        for number in range(CLAIMS):
            scene.send((number + 1) / CLAIMS, wait=False)
            claim_any(scene, admin)
            time.sleep(scene.rng.uniform(0, 0.5))
    scene.send()


def claim_any(scene: Scene, admin: Connection) -> None:
    """Fence whoever owns any one of the partitions: it is one of several in a batch."""
    admin.execute(CLAIM, (scene.topic.name, scene.rng.randrange(PARTITIONS)))


def terminate(scene: Scene) -> None:
    """End all sessions of slatrack, again and again."""
    scene.send(0.2)
    ended = 0
    with scene.admin() as admin:
        for tenth in range(3, 11):
            scene.send(tenth / 10, wait=False)
            time.sleep(scene.rng.uniform(0.2, 1.0))
            row = admin.execute(TERMINATE).fetchone()
            ended += row[0] if row else 0
    connection.close()
    scene.notes["sessions_ended"] = ended
    scene.send()


def exhaust(scene: Scene) -> None:
    """Let the role of the processes have no more connections, and end those that it has."""
    role = f"slatrack_bench_{secrets.token_hex(4)}"
    with scene.admin() as admin, _own_role(scene, admin, role):
        scene.send(0.5)
        scene.until(scene.all_read, "it never began")
        admin.execute(f"ALTER ROLE {role} CONNECTION LIMIT 0")
        admin.execute(TERMINATE_ROLE, [role])
        scene.send(0.8)
        time.sleep(AWAY)
        admin.execute(f"ALTER ROLE {role} CONNECTION LIMIT -1")
        scene.send()
        scene.until(scene.all_read, "it never went on")


@contextmanager
def _own_role(scene: Scene, admin: Connection[Any], role: str) -> Iterator[None]:
    """Let all processes be a role of their own, which is no superuser, until the block ends."""
    members = (*scene.consumers, *scene.watcher)
    kept = [dict(member.changed) for member in members]
    for statement in (*GRANTS, f"CREATE ROLE {role} LOGIN PASSWORD '{role}'")[::-1]:
        admin.execute(statement.format(role=role))
    try:
        for member in members:
            member.changed["SLATRACK_DATABASE_URL"] = (
                f"postgresql://{role}:{role}@127.0.0.1:{member.proxy.port}"
                f"/{connection.settings_dict['NAME']}?sslmode=disable"
            )
            _restart(member)
        yield
    finally:
        for member, changed in zip(members, kept, strict=True):
            member.changed = changed
            _restart(member)
        admin.execute(TERMINATE_ROLE, [role])
        admin.execute(f"DROP OWNED BY {role}")
        admin.execute(f"DROP ROLE {role}")


def _restart(member: Member) -> None:
    member.end()
    member.start()


def read_long(scene: Scene) -> None:
    """Hold a snapshot, from before the first span, until all is stored."""
    with scene.admin() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM tracking_journey")
        scene.send()
        scene.until(scene.all_read, "it waits for a reader")
        seen = reader.execute("SELECT count(*) FROM tracking_journey").fetchone()
        reader.execute("COMMIT")
        scene.notes["journeys_the_reader_saw"] = seen[0] if seen else None


def lock_long(scene: Scene) -> None:
    """Lock a table that each batch writes, as a migration would, for longer than polls may rest."""
    for member in scene.consumers:
        member.changed["SLATRACK_KAFKA_OPTIONS"] = json.dumps(IMPATIENT)
        _restart(member)
    scene.send(0.5)
    scene.until(scene.all_read, "it never began")
    scene.until(lambda: all(map(scene.owned_by, scene.consumers)), "one of them owns nothing")
    before = scene.epochs()
    with scene.admin() as admin:
        lock(admin)
        scene.send(0.8)
        time.sleep(LOCKED)
        admin.execute("COMMIT")
    scene.send()
    scene.until(scene.all_read, "it never went on")
    if moved := scene.epochs() - before:
        raise Stuck(f"{moved} partitions changed hands")


def regroup(scene: Scene) -> None:
    """Let a consumer come while the other waits for a locked table, reading paused; then go again.

    What went away meanwhile and comes back must be read on.
    """
    waits, comes = scene.consumers
    comes.end()
    scene.send(0.3)
    scene.until(scene.all_read, "it never began")
    all_of_them = scene.owned_by(waits)
    with scene.admin() as admin:
        lock(admin)
        scene.send(0.5)
        time.sleep(LONG + 2)  # until polling goes on beside the transaction
        comes.start()
        time.sleep(LOCKED - LONG - 2)
        admin.execute("COMMIT")
    scene.until(lambda: scene.owned_by(comes) > 0, "nothing was given to it")
    comes.end()
    scene.until(lambda: scene.owned_by(waits) == all_of_them, "nobody took over")
    scene.send(0.8)
    scene.until(scene.all_read, "what came back is not read")
    comes.start()
    scene.send()


def lock(admin: Connection[Any]) -> None:
    """Begin a transaction that locks tables which each batch writes."""
    admin.execute("BEGIN")
    admin.execute("LOCK TABLE tracking_journey, tracking_trace IN ACCESS EXCLUSIVE MODE")


def vanish(scene: Scene) -> None:
    """Let packets between slatrack and the database vanish for a while, in both directions."""
    scene.send(0.5)
    scene.until(scene.all_read, "it never began")
    for member in scene.consumers:
        member.proxy.silence()
    scene.send(0.8)
    time.sleep(AWAY)
    for member in scene.consumers:
        member.proxy.resume()
    scene.send()


def slow(scene: Scene) -> None:
    """Let each COMMIT take longer, as on a disk that is slow to sync."""
    for member in scene.consumers:
        member.proxy.delay = SLOW
    scene.send()
    scene.until(scene.all_read, "it does not come through")
    for member in scene.consumers:
        member.proxy.delay = 0.0
