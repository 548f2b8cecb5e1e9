"""Evaluating a rule: its kind's answer, moved by `adjust`, with the warnings worked out."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from slatrack.domain.calendars import CalendarError, Calendars
from slatrack.domain.rules.answers import Answer, Due, State, warning_at
from slatrack.domain.rules.choices import (
    answer_earliest,
    answer_latest,
    answer_switch,
    answer_versions,
)
from slatrack.domain.rules.clock import Clock, read_start
from slatrack.domain.rules.cutoff import answer_cutoff
from slatrack.domain.rules.days import roll
from slatrack.domain.rules.kinds import (
    Cutoff,
    Duration,
    Earliest,
    Latest,
    OpenTime,
    Rule,
    SessionRule,
    Switch,
    Versions,
    WindowRule,
)
from slatrack.domain.rules.parts import MIDNIGHT, Adjust, Convention, Dst, Gap, Overlap
from slatrack.domain.rules.session import answer_session
from slatrack.domain.rules.windows import answer_open_time, answer_window
from slatrack.domain.zones import instant, zone

HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
TOO_FAR = "cannot calculate: the answer lies outside the years 1 to 9999"


def due(rule: Rule, clock: Clock, *, calendars: Calendars) -> Due:
    """Return when something is due by `rule`, and when to warn; never raises."""
    answer = _answer(rule, clock, calendars)
    due_at, started_at = answer.due_at, answer.started_at
    if due_at is None or started_at is None:
        return Due(None, started_at, False, (), answer.reasons, answer.state)
    if not answer.warn:
        return Due(due_at, started_at, answer.strict, (), answer.reasons)
    try:
        warnings = tuple([warning_at(warn, started_at, due_at) for warn in answer.warn])
    except OverflowError:
        warnings = ()
    return Due(due_at, started_at, answer.strict, warnings, answer.reasons)


def _answer(rule: Rule, clock: Clock, calendars: Calendars) -> Answer:
    try:
        answer = _unadjusted(rule, clock, calendars)
        options = rule.options
        if answer.state is State.DUE and (options.adjust or options.warn):
            if options.adjust:
                answer = _adjusted(answer, options.adjust, options.dst, calendars)
            answer = answer._replace(warn=answer.warn + options.warn)
    except CalendarError as why:
        return Answer(State.CANNOT_CALCULATE, reasons=(f"cannot calculate: {why}",))
    except OverflowError:
        return Answer(State.CANNOT_CALCULATE, reasons=(TOO_FAR,))
    return answer


def _unadjusted(rule: Rule, clock: Clock, calendars: Calendars) -> Answer:
    count = COUNTS.get(type(rule))
    if count is None:
        choose = CHOICES[type(rule)]
        return choose(rule, clock, calendars, lambda inner: _answer(inner, clock, calendars))
    counting: Any = rule  # of a kind in COUNTS: these all have a start
    started_at, why = read_start(counting.start, clock)
    if started_at is None:
        return Answer(State.MISSING, reasons=(why,))
    answer = count(rule, started_at, calendars)
    return answer._replace(reasons=(why, *answer.reasons)) if why else answer


def _answer_duration(rule: Duration, started_at: datetime, calendars: Calendars) -> Answer:
    """Return the start plus elapsed time; the hour of the event itself may not count."""
    if rule.next_full_hour:
        started_at = started_at.replace(minute=0, second=0, microsecond=0) + HOUR
    return Answer(State.DUE, started_at + rule.amount, started_at)


def _adjusted(answer: Answer, adjust: Adjust, dst: Dst, calendars: Calendars) -> Answer:
    """Move an answer from a closed day to an open one; 24:00 belongs to the day it ends."""
    if answer.due_at is None or adjust.convention is Convention.NONE:
        return answer
    local = answer.due_at.astimezone(zone(adjust.tz))
    midnight = answer.strict and (local.hour, local.minute) == (0, 0)
    day = (local - INSTANT).date() if midnight else local.date()
    memo: dict[date, tuple[date, tuple[str, ...]]] = calendars.memo(adjust)
    if day not in memo:
        why: list[str] = []
        memo[day] = roll(adjust.calendar, day, adjust.convention, calendars, why.append), tuple(why)
    moved, reasons = memo[day]
    if moved == day:
        return answer
    same = MIDNIGHT if midnight else local.hour * 60 + local.minute
    minutes = same if adjust.minutes is None else adjust.minutes
    shift, second = dst.gap is Gap.SHIFT, dst.overlap is Overlap.SECOND
    due_at = instant(moved, minutes, adjust.tz, shift=shift, second=second)
    if adjust.minutes is None:
        due_at += timedelta(seconds=local.second, microseconds=local.microsecond)
    strict = answer.strict if adjust.minutes is None else adjust.minutes == MIDNIGHT
    return answer._replace(due_at=due_at, strict=strict, reasons=(*answer.reasons, *reasons))


COUNTS: dict[type, Callable[[Any, datetime, Calendars], Answer]] = {
    Duration: _answer_duration,
    Cutoff: answer_cutoff,
    SessionRule: answer_session,
    WindowRule: answer_window,
    OpenTime: answer_open_time,
}
CHOICES: dict[type, Callable[[Any, Clock, Calendars, Callable[[Rule], Answer]], Answer]] = {
    Earliest: answer_earliest,
    Latest: answer_latest,
    Switch: answer_switch,
    Versions: answer_versions,
}
