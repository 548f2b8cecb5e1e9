"""Rules about opening hours: an allowance inside them, and time that only runs within them."""

from datetime import datetime

from slatrack.domain.calendars import Calendars
from slatrack.domain.rules.answers import Answer, State
from slatrack.domain.rules.kinds import AtClose, OpenTime, Overflow, WindowRule
from slatrack.domain.rules.opening import Interval, open_days

MANY_REASONS = 20
NEXT_OPEN = "outside the opening hours: counted from the next open"
OVERFLOW = "the time allowed passes the close: counted from the next open"


def answer_window(rule: WindowRule, started_at: datetime, calendars: Calendars) -> Answer:
    """Return start + inside, or the first open after the start + grace where that is outside.

    Hours that follow one another without a pause (until 24:00, from 00:00) have no close between.
    """
    reasons: list[str] = []
    inside_until: datetime | None = None
    due_at = started_at + rule.inside
    for day in open_days(rule, started_at, calendars):
        for opens, closes in day.intervals:
            if opens > started_at and opens != inside_until:
                reasons.append(NEXT_OPEN if inside_until is None else OVERFLOW)
                return _answer(opens + rule.outside_plus, started_at, reasons)
            if opens == inside_until or _contains((opens, closes), started_at, rule.at_close):
                inside_until = closes
                if due_at <= closes or rule.overflow is Overflow.KEEP:
                    return _answer(due_at, started_at, reasons)
        if day.reason:
            reasons.append(day.reason)
    raise AssertionError("calendars end with an error")


def answer_open_time(rule: OpenTime, started_at: datetime, calendars: Calendars) -> Answer:
    """Return when the amount has run out of open time: at a close rather than the next open."""
    reasons: list[str] = []
    left = rule.amount
    for day in open_days(rule, started_at, calendars):
        for opens, closes in day.intervals:
            begins = max(opens, started_at)
            if begins >= closes:
                continue
            if left <= closes - begins:
                return _answer(begins + left, started_at, reasons)
            left -= closes - begins
        if day.reason:
            reasons.append(day.reason)
    raise AssertionError("calendars end with an error")


def _contains(interval: Interval, at: datetime, at_close: AtClose) -> bool:
    opens, closes = interval
    return opens <= at < closes or (at == closes and at_close is AtClose.INSIDE)


def _answer(due_at: datetime, started_at: datetime, reasons: list[str]) -> Answer:
    return Answer(State.DUE, due_at, started_at, reasons=tuple(reasons[-MANY_REASONS:]))
