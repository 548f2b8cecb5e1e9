"""Opening hours: the open intervals of a window, day by day."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from slatrack.domain.calendars import Calendars
from slatrack.domain.rules.days import DAY, closed_reason, sentence, shown
from slatrack.domain.rules.kinds import OpenTime, WindowRule
from slatrack.domain.rules.parts import (
    Breaks,
    DailyWindow,
    Dst,
    Gap,
    Overlap,
    SessionWindow,
    Window,
)
from slatrack.domain.zones import instant, zone

Interval = tuple[datetime, datetime]  # half-open: the close is outside
INSTANT = timedelta(microseconds=1)


class OpenDay(NamedTuple):
    """One day's open intervals, and why there are none or shorter ones."""

    intervals: tuple[Interval, ...]
    reason: str | None


def open_days(
    rule: WindowRule | OpenTime, since: datetime, calendars: Calendars
) -> Iterator[OpenDay]:
    """Yield day after day from the one on which `since` falls, without end.

    At local midnight that is still the day before, which may close just then.
    """
    window, dst = rule.window, rule.options.dst
    tz = window.tz if isinstance(window, DailyWindow) else calendars.get(window.session).zone
    day = (since - INSTANT).astimezone(zone(tz)).date()
    memo: dict[date, OpenDay] = calendars.memo(rule)
    while True:
        found = memo.get(day)
        if found is None:
            found = memo[day] = _open_day(window, dst, day, calendars)
        yield found
        day += DAY


def _open_day(window: Window, dst: Dst, day: date, calendars: Calendars) -> OpenDay:
    if isinstance(window, SessionWindow):
        return _trading_day(window, day, calendars)
    closed = closed_reason(window.calendar, day, calendars)
    if closed is not None:
        return OpenDay((), sentence(day, closed))
    close, reason = window.close, None
    if window.early_close is not None:
        short = _short_reason(window, day, calendars)
        if short is not None:
            close, reason = window.early_close, f"{shown(day)} closes early: {short}"
    shift, second = dst.gap is Gap.SHIFT, dst.overlap is Overlap.SECOND
    opens = instant(day, window.open, window.tz, shift=shift, second=second)
    closes = instant(day, close, window.tz, shift=shift, second=second)
    return OpenDay(((opens, closes),) if opens < closes else (), reason)


def _short_reason(window: DailyWindow, day: date, calendars: Calendars) -> str | None:
    found = (calendars.get(code).short_reason(day) for code in window.calendar.codes)
    return next((reason for reason in found if reason is not None), None)


def _trading_day(window: SessionWindow, day: date, calendars: Calendars) -> OpenDay:
    session = calendars.session(window.session, day)
    if session is None:
        return OpenDay((), sentence(day, calendars.closed_reason(window.session, day) or ""))
    why = calendars.get(window.session).short_reason(day)
    reason = f"{shown(day)} closes early: {why}" if why else None
    if window.breaks is Breaks.EXCLUDE:
        return OpenDay(session.segments, reason)
    return OpenDay(((session.open, session.close),), reason)
