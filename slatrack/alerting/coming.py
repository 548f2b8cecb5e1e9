"""What is still to come: how many events in flight will miss the deadline of an incident too."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from slatrack.alerting.wording import clock, plain
from slatrack.domain.forecasts.history import ENOUGH
from slatrack.tracking.models import Outlook

OLD = timedelta(seconds=60)  # beyond that an outlook is of the past


@dataclass(frozen=True, slots=True)
class Coming:
    """Events in flight that are expected to miss a deadline; `stopped` names what nothing reaches.

    While nothing arrives, `events` are all that wait and miss it if that goes on; else it is how
    many will by their forecasts, and `first_due_at` and `last_due_at` are of the likely ones.
    """

    events: int
    first_due_at: datetime | None
    last_due_at: datetime | None
    stopped: str

    def sentence(self, *, now: datetime) -> str:
        """Say it, to stand behind what is said of an incident."""
        many = f"{self.events:,} event{'' if self.events == 1 else 's'} in flight"
        when = _between(self.first_due_at, self.last_due_at, now)
        if self.stopped:
            stays = f"if {plain(self.stopped)} stays stopped"
            return f"{many} will miss the same deadline{when} {stays}."
        return f"By forecast about {many} will miss the same deadline{when}."


def coming(flow_id: int, deadline: str, *, now: datetime) -> Coming | None:
    """Return what is to come of one deadline; None: nothing, or nothing that is known now."""
    row = Outlook.objects.filter(flow=flow_id, deadline=deadline).first() if deadline else None
    if row is None or row.events < ENOUGH or now - row.at > OLD:
        return None
    stopped = row.stopped_at is not None
    events = row.waiting if stopped else round(row.misses)
    if not events:
        return None
    return Coming(events, row.first_due_at, row.last_due_at, row.until if stopped else "")


def _between(first: datetime | None, last: datetime | None, now: datetime) -> str:
    if first is None or last is None:
        return ""
    if clock(first, now) == clock(last, now):
        return f" at {clock(first, now)}"
    return f" between {clock(first, now)} and {clock(last, now)}"
