"""Who will be late, in words: one sentence a deadline, for the page of its flow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboards import words
from slatrack.domain.forecasts.history import ENOUGH
from slatrack.tracking.models import Outlook

OLD = timedelta(seconds=60)  # beyond that an outlook is of the past


@dataclass(frozen=True, slots=True)
class Told:
    """One deadline: what is to be expected of the events that wait for it.

    `before` and `after` stand around the time in which they are due, if there is one.
    """

    deadline: str
    state: str  # a name of `chips.CHIPS`
    before: str
    first: datetime | None
    last: datetime | None
    after: str
    why: str


def outlooks(rows: Sequence[Outlook], *, now: datetime) -> list[Told]:
    """Return what is to be said of each deadline."""
    return [_told(row, now) for row in rows]


def _told(row: Outlook, now: datetime) -> Told:
    if row.events < ENOUGH:
        why = f"{row.events} of {ENOUGH} events are known; then forecasts begin"
        return Told(row.deadline, "unknown", "Too little history to forecast", None, None, "", why)
    if now - row.at > OLD:
        said = f"Nothing has been forecast for {words.duration(now - row.at)}"
        why = "the process that watches deadlines makes forecasts too: see whether it runs"
        return Told(row.deadline, "unknown", said, None, None, "", why)
    if row.stopped_at is not None and row.waiting:
        return _stopped(row)
    return _moving(row)


def _stopped(row: Outlook) -> Told:
    quiet = words.duration(row.read_to - (row.stopped_at or row.read_to))
    why = f"nothing has arrived for {quiet}, where {row.expected:,.0f} should have by history"
    return Told(
        row.deadline,
        "at_risk",
        f"{_events(row.waiting)} will miss",
        row.first_due_at,
        row.last_due_at,
        f"if {row.until} stays stopped",
        why,
    )


def _moving(row: Outlook) -> Told:
    count = round(row.misses)
    why = f"from {row.events:,} past events; {_pace(row)}"
    if not row.waiting:
        return Told(row.deadline, "on_track", "No event is waiting", None, None, "", why)
    if not count and row.first_due_at is None:
        of = "The one event" if row.waiting == 1 else f"None of {_events(row.waiting)}"
        likely = "in flight is not likely to miss" if row.waiting == 1 else "is likely to miss"
        return Told(row.deadline, "on_track", f"{of} {likely}", None, None, "", why)
    said = f"About {max(count, 1):,} of {_events(row.waiting)} will miss"
    return Told(row.deadline, "at_risk", said, row.first_due_at, row.last_due_at, "", why)


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"


def _pace(row: Outlook) -> str:
    if row.pace < 0.8:
        return f"arrivals are at {row.pace:.0%} of the usual pace".replace("%", " %")
    return "arrivals are at the usual pace"
