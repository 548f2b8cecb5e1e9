"""What is to be expected of one open deadline: the history that speaks for it, asked."""

from datetime import UTC, datetime
from typing import NamedTuple

from slatrack.domain.forecasts.forecast import Forecast, forecast
from slatrack.domain.forecasts.history import START, History, Spoken
from slatrack.domain.forecasts.pace import Pace
from slatrack.tracking.flows import RuleInForce
from slatrack.tracking.open_deadlines import OpenDeadline


class Seen(NamedTuple):
    """The present, and up to when it is known what has not happened."""

    now: datetime
    to: datetime


class Expected(NamedTuple):
    """One open deadline with its forecast, and from which probability on it is at risk."""

    open: OpenDeadline
    forecast: Forecast
    threshold: float | None


def expect(
    one: OpenDeadline, rule: RuleInForce, history: History, *, pace: Pace, read_to: datetime
) -> Expected | None:
    """Forecast a deadline as of `read_to`; None where too little is known for that."""
    spoken = spoken_for(one, rule, history)
    if spoken is None:
        return None
    made = forecast(spoken, since=one.step_at, due_at=one.due_at, now=read_to, pace=pace)
    return Expected(one, made, rule.spec.at_risk)


def spoken_for(one: OpenDeadline, rule: RuleInForce, history: History) -> Spoken | None:
    """Return the course that speaks for an event where it is now."""
    hour = one.begun_at.astimezone(UTC).hour
    return history.speaks(one.step or START, rule.spec.until, cohort=one.cohort, hour=hour)
