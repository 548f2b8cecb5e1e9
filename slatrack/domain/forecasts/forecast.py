"""The forecast of one event: when it will be there, how likely late, until when help is in time."""

from datetime import datetime, timedelta
from typing import NamedTuple

from slatrack.domain.forecasts.history import Basis, Spoken
from slatrack.domain.forecasts.pace import USUAL, Pace
from slatrack.domain.forecasts.remaining import Remaining

SURE = 0.95  # the share of events that are in time if helped before the last safe moment
THRESHOLD = 0.5  # the probability of a miss from which on an event is at risk
LEAVES_AT = 0.6  # of the threshold: an event at risk is so until its probability falls below


class Forecast(NamedTuple):
    """What is to be expected of one deadline, as of `at`.

    `expected_at` is the median; None where it is further away than anybody could tell.
    `last_safe_at` is the due time less what 95 % of such events still need.
    """

    at: datetime
    p_miss: float
    expected_at: datetime | None
    last_safe_at: datetime | None
    basis: Basis
    pace: Pace = USUAL
    mean_at: datetime | None = None  # when it would come if it took as long as the mean


def forecast(
    spoken: Spoken, *, since: datetime, due_at: datetime, now: datetime, pace: Pace = USUAL
) -> Forecast:
    """Forecast an event that has stood where the course begins `since` then.

    `now` is how far its telemetry has been read: what came later than that is not known to be
    missing. While the sink is stopped nothing arrives: then it is late if the stop lasts too long.
    """
    now = max(now, since)  # what was seen is known
    waited = (now - since).total_seconds()
    slack = (due_at - now).total_seconds()
    remaining = spoken.course.after(waited)
    return Forecast(
        at=now,
        p_miss=max(remaining.late(waited, slack, pace=pace.ratio), pace.stays(slack)),
        expected_at=_after(now, _within(remaining, waited, 0.5, pace)),
        last_safe_at=_before(due_at, _within(remaining, waited, SURE, pace)),
        basis=spoken.basis,
        pace=pace,
        mean_at=_after(since, max(spoken.course.mean, waited)),
    )


def _within(remaining: Remaining, waited: float, sure: float, pace: Pace) -> float | None:
    found = remaining.within(waited, sure, pace=pace.ratio)
    return None if found is None else max(found, pace.resumes(sure))


def _after(at: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else at + timedelta(seconds=seconds)


def _before(at: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else at - timedelta(seconds=seconds)


def is_at_risk(p_miss: float, *, threshold: float, before: bool) -> bool:
    """Whether an event is at risk, given whether it was: it does not flap around the threshold."""
    return p_miss >= (threshold * LEAVES_AT if before else threshold)
