"""Cutoffs: a time of day on a date counted from the start's date."""

from datetime import date, datetime

from slatrack.domain.calendars import Calendars
from slatrack.domain.rules.answers import Answer, State
from slatrack.domain.rules.days import DAY, Note, add_months, roll, step
from slatrack.domain.rules.kinds import AtBoundary, Base, Cutoff, IfPast, Unit
from slatrack.domain.rules.parts import MIDNIGHT, CalendarRef, Convention, Gap, Overlap
from slatrack.domain.zones import instant, zone

MANY_REASONS = 20
MANY_DAYS = 10_000  # remembered for one rule: spans may claim any date
NO_CALENDAR = CalendarRef(())


def answer_cutoff(rule: Cutoff, started_at: datetime, calendars: Calendars) -> Answer:
    """Return the deadline: date, day end, roll, count, roll, time of day, and not in the past."""
    memo = calendars.memo(rule)
    day = base_day(rule.base, started_at)
    later = 0
    while True:
        found = memo.get((day, later))
        if found is None:
            if len(memo) >= MANY_DAYS:
                memo.clear()
            found = memo[day, later] = _due_on(rule, day, later, calendars)
        due_at, strict, reasons = found
        if rule.if_past is IfPast.KEEP or not _past(due_at, started_at, strict):
            return Answer(State.DUE, due_at, started_at, strict, reasons)
        later += 1


def base_day(base: Base, started_at: datetime) -> date:
    """Return the local date that `started_at` counts for: late events count for the next."""
    local = started_at.astimezone(zone(base.tz))
    minutes, ends = local.hour * 60 + local.minute, base.day_ends
    if ends is None or minutes < ends:
        return local.date()
    exactly = minutes == ends and not (local.second or local.microsecond)
    if exactly and base.at_boundary is AtBoundary.CURRENT:
        return local.date()
    return local.date() + DAY


def _past(due_at: datetime, started_at: datetime, strict: bool) -> bool:
    return due_at < started_at or (strict and due_at == started_at)


def _due_on(
    rule: Cutoff, day: date, later: int, calendars: Calendars
) -> tuple[datetime, bool, tuple[str, ...]]:
    """Return instant, strictness and reasons for one base date; `later` counts that much more."""
    reasons: list[str] = []
    ref = rule.add.calendar or NO_CALENDAR
    if rule.base.to_year_end:
        day = day.replace(month=12, day=31)
    day = roll(ref, day, rule.base.roll, calendars, reasons.append)
    day = _count(rule, day, later, calendars, reasons.append)
    if rule.roll_result is not Convention.NONE:
        day = roll(ref, day, rule.roll_result, calendars, reasons.append)
    dst = rule.options.dst
    due_at = instant(
        day,
        rule.at.minutes,
        rule.at.tz,
        shift=dst.gap is Gap.SHIFT,
        second=dst.overlap is Overlap.SECOND,
    )
    unique = tuple(dict.fromkeys(reasons))
    if len(unique) > MANY_REASONS:
        unique = (*unique[:MANY_REASONS], f"and {len(unique) - MANY_REASONS} more closed days")
    return due_at, rule.at.minutes == MIDNIGHT, unique


def _count(rule: Cutoff, day: date, later: int, calendars: Calendars, note: Note) -> date:
    n = rule.add.n + later
    if rule.add.unit is Unit.MONTH:
        return add_months(day, n, rule.add.day)
    if rule.add.unit is Unit.CALENDAR_DAY:
        return day + n * DAY
    return step(rule.add.calendar or NO_CALENDAR, day, n, calendars, note)
