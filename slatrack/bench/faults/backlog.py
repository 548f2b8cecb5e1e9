"""A backlog: what arrives while nobody reads, and how long it takes to be through it."""

import time

from slatrack.bench.faults import invariants
from slatrack.bench.faults.manifest import SPANS_PER_WINDOW
from slatrack.bench.faults.scene import Scene

A_SECOND = 20_000  # spans
JUDGED = 600.0  # seconds that a backlog may take to be judged, once it is read


def catch_up(scene: Scene) -> None:
    """Stop all consumers while the load arrives, 20,000 spans after 20,000; then let them read.

    Deadlines pass meanwhile, and go on passing. Told: seconds from the start of the consumers
    until nothing is left unread, and until each verdict is what it must be.
    """
    for member in scene.consumers:
        member.end()
    began = time.monotonic()
    waves = max(1, scene.windows * SPANS_PER_WINDOW // A_SECOND)
    for wave in range(waves):
        scene.send((wave + 1) / waves)
    scene.notes["seconds_of_outage"] = _since(began)
    began = time.monotonic()
    for member in scene.consumers:
        member.start()
    scene.until(scene.all_read, "it does not catch up")
    scene.notes["seconds_until_all_was_read"] = _since(began)
    scene.until(lambda: invariants.settled(scene.manifest), "it is not judged", seconds=JUDGED)
    scene.notes["seconds_until_all_was_judged"] = _since(began)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 1)
