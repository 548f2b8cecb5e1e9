"""A calendar's year for people: months of days, and the days that are not as usual."""

import calendar as layout
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from slatrack.domain.calendars import Calendars
from slatrack.tracking.models import Closure

OPEN, WEEKEND, CLOSED, HALF, OPERATOR, UNKNOWN = (
    "open",
    "weekend",
    "closed",
    "half",
    "operator",
    "unknown",
)
WORDS = {CLOSED: "closed", HALF: "half day", OPERATOR: "closed here"}
_weeks = layout.Calendar()


class Day(NamedTuple):
    """One day: its state, and why it is not open as usual."""

    day: date
    state: str
    reason: str
    hours: str = ""
    closure: Closure | None = None

    @property
    def word(self) -> str:
        """What its state is called."""
        return WORDS.get(self.state, self.state)

    @property
    def spoken(self) -> str:
        """All that is to be said of it."""
        said = [f"{self.day:%A} {self.day.day} {self.day:%B}", self.word, self.reason, self.hours]
        return ", ".join(filter(None, said))


class Month(NamedTuple):
    """A month: its name, and its weeks from Monday on; None stands for other months' days."""

    name: str
    weeks: list[list[Day | None]]


class Year(NamedTuple):
    """A calendar's year. `unusual` are the days that are neither open as usual nor weekend."""

    months: list[Month]
    unusual: list[Day]
    open_days: int


def year(known: Calendars, code: str, number: int, closures: Mapping[date, Closure]) -> Year:
    """Return the year `number` of a calendar, with the closures of operators."""
    first = date(number, 1, 1)
    days = {
        day: _day(known, code, day, closures)
        for day in (first + timedelta(n) for n in range(366))
        if day.year == number
    }
    months = [
        Month(f"{date(number, m, 1):%B}", [[days.get(d) if d.month == m else None for d in week]
              for week in _weeks.monthdatescalendar(number, m)])
        for m in range(1, 13)
    ]  # fmt: skip
    unusual = [one for one in days.values() if one.state in WORDS]
    return Year(months, unusual, sum(one.state in (OPEN, HALF) for one in days.values()))


def _day(known: Calendars, code: str, day: date, closures: Mapping[date, Closure]) -> Day:
    here = known.get(code)
    if not here.first <= day <= here.last:
        return Day(day, UNKNOWN, "beyond what the calendar knows")
    if closure := closures.get(day):
        return Day(day, OPERATOR, closure.reason, closure=closure)
    closed = here.closed_reason(day)
    if closed is not None:
        return Day(
            day, WEEKEND if closed == "weekend" else CLOSED, "" if closed == "weekend" else closed
        )
    if short := here.short_reason(day):
        return Day(day, HALF, short, _hours(known, code, day))
    return Day(day, OPEN, "")


def _hours(known: Calendars, code: str, day: date) -> str:
    """The day's trading hours in the exchange's own time, where it has any."""
    here = known.get(code)
    short = here.short.get(day)
    segments = short.segments if short else None
    return ", ".join(f"{_clock(a)}-{_clock(b)}" for a, b in segments or ())


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
