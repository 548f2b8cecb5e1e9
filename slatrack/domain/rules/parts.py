"""What rules are made of: starts, calendars, windows, warnings and the options of any rule."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

MIDNIGHT = 24 * 60  # as a time of day: the midnight that ends the day


class OnMissing(StrEnum):
    CANNOT_CALCULATE = "cannot_calculate"
    INGRESS = "ingress"


class Convention(StrEnum):
    """How a day that is closed moves to one that is open."""

    NONE = "none"
    FOLLOWING = "following"
    PRECEDING = "preceding"
    MODIFIED_FOLLOWING = "modified_following"  # following, unless that is in the next month


class Gap(StrEnum):
    TRANSITION = "transition"
    SHIFT = "shift"


class Overlap(StrEnum):
    FIRST = "first"
    SECOND = "second"


class Breaks(StrEnum):
    IGNORE = "ignore"
    EXCLUDE = "exclude"


@dataclass(frozen=True, slots=True)
class Start:
    """What a rule counts from: "ingress", "step:<name>" or "attr:<name>"."""

    name: str
    on_missing: OnMissing = OnMissing.CANNOT_CALCULATE


@dataclass(frozen=True, slots=True)
class Dst:
    """What a local time means that the clocks skip or show twice."""

    gap: Gap = Gap.TRANSITION
    overlap: Overlap = Overlap.FIRST


@dataclass(frozen=True, slots=True)
class CalendarRef:
    """One calendar, or several of which all must be open."""

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time of day in a place; minutes past midnight, up to 24:00."""

    minutes: int
    tz: str


@dataclass(frozen=True, slots=True)
class DailyWindow:
    """Open from one local time to another on every open day, less on half days."""

    calendar: CalendarRef
    tz: str
    open: int
    close: int
    early_close: int | None = None


@dataclass(frozen=True, slots=True)
class SessionWindow:
    """Open while an exchange trades."""

    session: str
    breaks: Breaks = Breaks.IGNORE


Window = DailyWindow | SessionWindow


@dataclass(frozen=True, slots=True)
class Adjust:
    """Move an answer that falls on a closed day; `minutes` None keeps its local time."""

    calendar: CalendarRef
    tz: str
    convention: Convention
    minutes: int | None


@dataclass(frozen=True, slots=True)
class Before:
    """Warn this long before the deadline."""

    amount: timedelta


@dataclass(frozen=True, slots=True)
class AtFraction:
    """Warn when this part of the allowed time has gone."""

    fraction: float


Warn = Before | AtFraction


@dataclass(frozen=True, slots=True)
class Options:
    """What any rule may carry."""

    adjust: Adjust | None = None
    warn: tuple[Warn, ...] = ()
    dst: Dst = field(default_factory=Dst)
