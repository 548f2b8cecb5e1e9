"""How far behind the clock slatrack is: one sentence for the corner of every page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from dashboards import words
from slatrack.tracking.models import Source

WATCHER = "watcher"  # the watcher's heartbeat is a Source row of this name
ALIVE = timedelta(seconds=60)  # an owner silent for longer holds nothing back


@dataclass(frozen=True, slots=True)
class Pulse:
    """How long ago the watcher looked, and how old the telemetry read is; None: not known."""

    watcher: timedelta | None
    telemetry: timedelta | None

    @property
    def sentence(self) -> str:
        """What people read of it."""
        if self.watcher is None:
            judged = "Deadlines are not being watched."
        else:
            judged = f"Deadlines are evaluated {words.duration(self.watcher)} behind the clock."
        if self.telemetry is None:
            return f"{judged} No telemetry is being read."
        return f"{judged} Telemetry {words.duration(self.telemetry)} behind."


def pulse(*, now: datetime) -> Pulse:
    """Return how far behind slatrack is at `now`, in two small queries."""
    seen = Source.objects.filter(name=WATCHER, alive_at__gte=now - ALIVE).first()
    read = (
        Source.objects.filter(alive_at__gte=now - ALIVE)
        .exclude(name=WATCHER)
        .aggregate(at=Min("watermark_at"))["at"]
    )
    return Pulse(
        None if seen is None else max(now - seen.alive_at, timedelta()),
        None if read is None else max(now - read, timedelta()),
    )
