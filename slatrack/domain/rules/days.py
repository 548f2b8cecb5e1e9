"""Counting days on calendars: which are open, stepping over the closed, rolling off them."""

import calendar as months
from collections.abc import Callable
from datetime import date, timedelta

from slatrack.domain.calendars import Calendars
from slatrack.domain.rules.parts import CalendarRef, Convention

DAY = timedelta(days=1)
Note = Callable[[str], object]  # takes one reason, such as list.append


def closed_reason(ref: CalendarRef, day: date, calendars: Calendars) -> str | None:
    """Return why `day` is not open on all the calendars, None where it is."""
    reason = None
    for code in ref.codes:  # all are asked: each must know the day
        found = calendars.closed_reason(code, day)
        if found is not None and reason is None:
            reason = found if len(ref.codes) == 1 or found == "weekend" else f"{found} ({code})"
    return reason


def sentence(day: date, reason: str) -> str:
    """Return a closed day as people read it: Fri 3 Apr closed: Good Friday."""
    return f"{shown(day)} closed: {reason}"


def shown(day: date) -> str:
    """Return a day as people read it."""
    return f"{day:%a} {day.day} {day:%b}"


def is_open(ref: CalendarRef, day: date, calendars: Calendars, note: Note) -> bool:
    """Say whether `day` is open, and note why where it is not."""
    reason = closed_reason(ref, day, calendars)
    if reason is not None:
        note(sentence(day, reason))
    return reason is None


def step(ref: CalendarRef, day: date, n: int, calendars: Calendars, note: Note) -> date:
    """Return the n-th open day after `day`, before it where n is negative, `day` where it is 0."""
    way = DAY if n > 0 else -DAY
    for _ in range(abs(n)):
        day += way
        while not is_open(ref, day, calendars, note):
            day += way
    return day


def roll(
    ref: CalendarRef, day: date, convention: Convention, calendars: Calendars, note: Note
) -> date:
    """Return `day` where it is open, else the open day that the convention moves it to."""
    if convention is Convention.NONE or is_open(ref, day, calendars, note):
        return day
    way = -1 if convention is Convention.PRECEDING else 1
    moved = step(ref, day, way, calendars, note)
    if convention is Convention.MODIFIED_FOLLOWING and moved.month != day.month:
        return step(ref, day, -1, calendars, note)
    return moved


def add_months(day: date, n: int, replaced: int | None) -> date:
    """Return `day` n months later, on the day `replaced` if given, clamped to the month's end."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("date value out of range")
    last = months.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(replaced or day.day, last))
