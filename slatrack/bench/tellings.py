"""When alerts are committed: seen from another connection, which asks every few milliseconds.

So an alert is told later than it was by what a look takes and the pause between two, never earlier.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from threading import Event, Thread
from typing import NamedTuple

import psycopg
from psycopg.conninfo import make_conninfo

from slatrack.alerting.models import Alert
from slatrack.bench.figures import Figures
from slatrack.bench.place import own_connection

MISSED = "missed"  # what probes are about; that they will miss may be told before
PAUSE = 0.005  # seconds
BACK = 100  # alerts have their number before they are committed, so earlier ones may come later
NEWS = "SELECT id FROM alerting_alert WHERE id > %s"


class Told(NamedTuple):
    """One alert: of which event, when what it rests on was recorded, and when it was there."""

    key: str
    recorded: float
    seen: float | None


class Watch:
    """Notes when each alert was first seen, until the block ends."""

    def __init__(self) -> None:
        self.seen: dict[int, float] = {}
        self.slowest = 0.0  # seconds from look to look
        self._stop = Event()
        self._thread = Thread(target=self._run, name="tellings", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        last, before = 0, time.time()
        with psycopg.connect(make_conninfo(**own_connection()), autocommit=True) as opened:
            while not self._stop.wait(PAUSE):
                rows = opened.execute(NEWS, [last - BACK]).fetchall()
                now = time.time()
                for (row_id,) in rows:
                    self.seen.setdefault(row_id, now)
                    last = max(last, row_id)
                self.slowest, before = max(self.slowest, now - before), now

    def told(self, *kinds: str, named: str) -> list[Told]:
        """Return all misses told of probes of these kinds and that name."""
        of_them = "|".join(f"{kind}-{named}-[0-9]+" for kind in kinds)
        rows = Alert.objects.filter(rung=MISSED, journey__key__regex=f"^({of_them})$")
        return [
            Told(key, recorded.timestamp(), self.seen.get(row_id))
            for row_id, key, recorded in rows.values_list("id", "journey__key", "decided_at")
        ]


def summary(name: str, seconds: Sequence[float]) -> Figures:
    """Return percentiles in milliseconds; nothing where there is nothing."""
    found = sorted(seconds)
    if not found:
        return {}
    at = {f"p{n}": found[max(0, -(-len(found) * n // 100) - 1)] for n in (50, 95, 99)}
    return {
        f"{name}_ms_{one}": round(value * 1000, 1)
        for one, value in {**at, "max": found[-1]}.items()
    }


def broken(since: Mapping[str, float], told: Collection[Told]) -> int:
    """Return how many events were told not at all, twice, unasked, or unseen by the watch."""
    keys = [one.key for one in told]
    twice = len(keys) - len(set(keys))
    unseen = sum(one.seen is None for one in told)
    return len(since.keys() ^ set(keys)) + twice + unseen
