"""One calendar: its open days, its hours, and until when it is known."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from slatrack.domain.zones import instant

Segment = tuple[int, int]  # open and close, in minutes past local midnight
Segments = tuple[Segment, ...]


class CalendarError(LookupError):
    """A calendar cannot answer; the message is for people."""


class UnknownCalendarError(CalendarError):
    """No calendar has this code."""


class OutsideHorizonError(CalendarError):
    """The day lies before or after what the calendar knows: never assume open."""


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day, in UTC."""

    open: datetime
    close: datetime
    segments: tuple[tuple[datetime, datetime], ...]  # more than one where there is a lunch break
    half_day: bool


@dataclass(frozen=True, slots=True)
class ShortDay:
    """A day with other hours than usual; `segments` is None where only the close is known."""

    segments: Segments | None
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Which days are open between `first` and `last`, and the hours where it has any."""

    code: str
    title: str
    zone: str
    first: date
    last: date
    weekdays: frozenset[int]
    hours: tuple[tuple[date, Segments], ...] = ()
    closed: Mapping[date, str] = field(default_factory=dict)
    short: Mapping[date, ShortDay] = field(default_factory=dict)

    def closed_reason(self, day: date) -> str | None:
        """Return why `day` is closed, None where it is open."""
        if not self.first <= day <= self.last:
            raise OutsideHorizonError(
                f"{self.code} is known from {self.first} to {self.last}, and {day} lies "
                "outside: update the calendars"
            )
        reason = self.closed.get(day)
        if reason is None and day.weekday() not in self.weekdays:
            return "weekend"
        return reason

    def short_reason(self, day: date) -> str | None:
        """Return why an open day is a half day, None where it is a usual one."""
        short = self.short.get(day)
        return short.reason if short and self.closed_reason(day) is None else None

    def session(self, day: date) -> Session | None:
        """Return the day's session, None where the market is closed."""
        if not self.hours:
            raise CalendarError(f"{self.code} has open days but no trading hours")
        if self.closed_reason(day) is not None:
            return None
        short = self.short.get(day)
        local = short.segments if short and short.segments else self._usual(day)
        segments = tuple(
            (instant(day, start, self.zone), instant(day, end, self.zone)) for start, end in local
        )
        return Session(segments[0][0], segments[-1][1], segments, half_day=short is not None)

    def _usual(self, day: date) -> Segments:
        since = bisect_right(self.hours, day, key=lambda entry: entry[0])
        return self.hours[since - 1][1]
