"""Faults of Kafka, of what lies in it, and of the clock that slatrack reads it by."""

import time
from datetime import UTC, datetime

from slatrack.alerting import troubles
from slatrack.bench.faults.scene import Scene, Stuck
from slatrack.bench.faults.servers import Servers
from slatrack.tracking.housekeeping import LOST_TO_RETENTION
from slatrack.tracking.models import Tally

AWAY = 5.0  # seconds
POISON = (
    b"\x00", b"\xff" * 100, b"{", b'{"resourceSpans": 1}',
    b"nobody can read this", b"\x0a\xff\xff\xff\xff\x0f", b"[1, 2", b"\x1f\x8b\x08\x00broken",
)  # fmt: skip


def restart(scene: Scene) -> None:
    """Stop Kafka under load and start it; the producer goes on meanwhile."""
    servers = _servers(scene)
    scene.send(0.5)
    scene.until(scene.all_read, "it never began")
    servers.do("stop", "kafka")
    time.sleep(AWAY)
    servers.do("start", "kafka")
    scene.send()


def absent(scene: Scene) -> None:
    """Have Kafka away as slatrack starts."""
    servers = _servers(scene)
    scene.send()
    for member in scene.consumers:
        member.end()
    servers.do("stop", "kafka")
    for member in scene.consumers:
        member.start()
    time.sleep(AWAY)
    servers.do("start", "kafka")


def _servers(scene: Scene) -> Servers:
    if scene.servers is None:
        raise Stuck("nobody can stop Kafka")
    return scene.servers


def overtake(scene: Scene) -> None:
    """Delete what a stopped consumer has not read; it must say how much, and read the rest."""
    scene.send(0.3)
    scene.until(scene.all_read, "it never began")
    for member in scene.consumers:
        member.end()
    read, sent = scene.topic.ends(), scene.topic.sent
    scene.send(0.8)
    upto = {number: end + 4 for number, end in enumerate(read)}
    deleted = [number for number in scene.topic.delete(upto) if number >= sent]
    scene.manifest.lost.update(scene.numbers[number] for number in deleted)
    for member in scene.consumers:
        member.start()
    scene.send()
    scene.until(scene.all_read, "it never went on")
    told = Tally.objects.filter(name=LOST_TO_RETENTION).values_list("count", flat=True).first()
    troubles.look(now=datetime.now(UTC))
    alarm = troubles.open_troubles().filter(kind="lost").values_list("count", flat=True).first()
    if not told == alarm == len(deleted):
        raise Stuck(f"{len(deleted)} records were lost, {told} counted, {alarm} in the alarm")
    scene.notes["records_lost_and_told"] = told


def poison(scene: Scene) -> None:
    """Send what nobody can read among the rest, and kill a consumer in the midst of it."""
    for number, value in enumerate(POISON):
        scene.send(number / len(POISON), wait=False)
        scene.topic.produce([value])
        scene.asides += 1
    scene.send()
    member = scene.consumers[0]
    member.kill()
    member.start()
