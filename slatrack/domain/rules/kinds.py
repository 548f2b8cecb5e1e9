"""The kinds of rule, as values: frozen, hashable, nothing computed."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from slatrack.domain.rules.parts import CalendarRef, Convention, LocalTime, Options, Start, Window


class AtBoundary(StrEnum):
    CURRENT = "current"
    NEXT = "next"


class Unit(StrEnum):
    BUSINESS_DAY = "business_day"
    CALENDAR_DAY = "calendar_day"
    MONTH = "month"


class IfPast(StrEnum):
    KEEP = "keep"
    NEXT = "next"


class Anchor(StrEnum):
    OPEN = "open"
    CLOSE = "close"


class Search(StrEnum):
    AFTER = "after"
    AT_OR_AFTER = "at_or_after"


class AtClose(StrEnum):
    OUTSIDE = "outside"
    INSIDE = "inside"


class Overflow(StrEnum):
    KEEP = "keep"
    NEXT_OPEN = "next_open"


@dataclass(frozen=True, slots=True)
class Duration:
    """Elapsed time; `next_full_hour` counts from the hour after the start's own."""

    start: Start
    amount: timedelta
    next_full_hour: bool = False
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Base:
    """From an instant to the local date that a cutoff counts from."""

    tz: str
    day_ends: int | None = None
    at_boundary: AtBoundary = AtBoundary.CURRENT
    roll: Convention = Convention.NONE
    to_year_end: bool = False


@dataclass(frozen=True, slots=True)
class Add:
    """How many days or months later; `day` replaces the day of the month."""

    unit: Unit
    n: int
    calendar: CalendarRef | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A time of day on a date counted from the start's date."""

    start: Start
    base: Base
    add: Add
    at: LocalTime
    roll_result: Convention = Convention.NONE
    if_past: IfPast = IfPast.KEEP
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class SessionRule:
    """The n-th open or close of an exchange, plus an offset."""

    start: Start
    calendar: str
    anchor: Anchor
    search: Search
    n: int
    offset: timedelta
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class WindowRule:
    """An allowance inside opening hours; outside them, one from the next open."""

    start: Start
    window: Window
    inside: timedelta
    outside_plus: timedelta
    at_close: AtClose = AtClose.OUTSIDE
    overflow: Overflow = Overflow.KEEP
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class OpenTime:
    """An amount of time of which only opening hours count."""

    start: Start
    amount: timedelta
    window: Window
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Earliest:
    """The first of several."""

    of: tuple["Rule", ...]
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Latest:
    """The last of several."""

    of: tuple["Rule", ...]
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class When:
    """An attribute that must have one of some values."""

    attr: str
    among: tuple[str | int | float | bool, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A rule for some events; `when` None takes the rest."""

    rule: "Rule"
    when: When | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """The first branch that fits the event."""

    branches: tuple[Branch, ...]
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Version:
    """A rule, and the first local date of the start to which it applies."""

    effective_from: date
    rule: "Rule"


@dataclass(frozen=True, slots=True)
class Versions:
    """The rule in force on the day of the start; ordered by date."""

    tz: str
    versions: tuple[Version, ...]
    options: Options = field(default_factory=Options)


Rule = (
    Duration | Cutoff | SessionRule | WindowRule | OpenTime | Earliest | Latest | Switch | Versions
)
