"""Session rules: the n-th open or close of an exchange after the start."""

from datetime import datetime

from slatrack.domain.calendars import Calendars
from slatrack.domain.rules.answers import Answer, State
from slatrack.domain.rules.days import DAY, sentence, shown
from slatrack.domain.rules.kinds import Anchor, Search, SessionRule
from slatrack.domain.zones import zone

MANY_REASONS = 20


def answer_session(rule: SessionRule, started_at: datetime, calendars: Calendars) -> Answer:
    """Return the n-th open or close after the start, plus the offset; a lunch break is neither."""
    day = started_at.astimezone(zone(calendars.get(rule.calendar).zone)).date()
    left = rule.n
    reasons: list[str] = []
    while True:
        session = calendars.session(rule.calendar, day)
        if session is None:
            reasons.append(sentence(day, calendars.closed_reason(rule.calendar, day) or ""))
        else:
            at = session.open if rule.anchor is Anchor.OPEN else session.close
            left -= at > started_at or (at == started_at and rule.search is Search.AT_OR_AFTER)
            if left == 0:
                break
        day += DAY
    if session.half_day and rule.anchor is Anchor.CLOSE:
        why = calendars.get(rule.calendar).short_reason(day)
        reasons.append(f"{shown(day)} closes early: {why}")
    return Answer(State.DUE, at + rule.offset, started_at, reasons=tuple(reasons[-MANY_REASONS:]))
