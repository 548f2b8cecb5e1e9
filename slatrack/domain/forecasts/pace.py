"""The pace: how many events arrive at present, of those that should by history.

Observed over expected arrivals of a recent window, the standardised ratio of life tables (N. E.
Breslow and N. E. Day, Statistical Methods in Cancer Research II (1987), chapter 2), held near 1
while little was to be expected. What is expected of an event is the growth of the cumulative hazard
over the time that it was on its way in the window, whether it arrived or not. So a sink that stops
is told by nobody's arriving; of how long it will stay so nothing is known but how long it has, so
that the law has no scale (Pareto). HELD, DAMPED and TAIL are those with which `bench forecast` came
out calibrated.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from slatrack.domain.forecasts.remaining import Remaining

HELD = 40.0  # arrivals that speak for pace 1 before any was seen
DAMPED = 0.5  # the power of it that is believed: the present seldom lasts as long as what remains
TAIL = 1.5  # of how long stops last: the exponent of a Pareto law
STOPPED = 5.0  # that should have come since the last: chance brings that about in 0.7 % of cases
MOST_OF_ONE = 3.0  # hazard of one event: one that is stuck alone slows nobody down
FASTEST, SLOWEST = 2.0, 0.01


class Under(NamedTuple):
    """An event on its way in the window, in seconds since 1970; not arrived: None."""

    started: float
    arrived: float | None


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast events arrive, 1 being as history has it.

    `expected` is how many should have arrived in the window; while the sink is `stopped` (for so
    many seconds), since the last one did.
    """

    ratio: float = 1.0
    observed: int = 0
    expected: float = 0.0
    stopped: float | None = None

    def stays(self, seconds: float) -> float:
        """Return the probability that a stop lasts `seconds` more: one in three as long again."""
        if not self.stopped:
            return 0.0
        return float((self.stopped / (self.stopped + max(0.0, seconds))) ** TAIL)

    def resumes(self, sure: float) -> float:
        """Return in how many seconds a stop is over with probability `sure`."""
        return (self.stopped or 0.0) * float((1 - sure) ** (-1 / TAIL) - 1)


USUAL = Pace()


def pace(events: Iterable[Under], whole: Remaining, *, now: float, window: float) -> Pace:
    """Return the pace over the `window` seconds before `now`; `whole` is the way from the start."""
    known = list(events)
    arrivals = [e.arrived for e in known if e.arrived is not None and e.arrived <= now]
    begin = now - window
    observed = sum(1 for at in arrivals if at > begin)
    hazard = _hazard(known, whole, begin, now)
    damped = ((observed + HELD) / (hazard + HELD)) ** DAMPED
    ratio = min(FASTEST, max(SLOWEST, damped))
    since = max([begin, *arrivals])
    in_vain = _expected(known, whole, since, now)
    if in_vain >= STOPPED:
        return Pace(ratio, 0, in_vain, now - since)
    return Pace(ratio, observed, _expected(known, whole, begin, now))


def _hazard(events: Iterable[Under], whole: Remaining, begin: float, now: float) -> float:
    """Return the hazard that all were under in (begin, now], each until it arrived."""
    total = 0.0
    for started, arrived in events:
        end = now if arrived is None else min(arrived, now)
        if end > max(begin, started):
            grown = whole.hazard(end - started) - whole.hazard(max(0.0, begin - started))
            total += min(grown, MOST_OF_ONE)
    return total


def _expected(events: Iterable[Under], whole: Remaining, begin: float, now: float) -> float:
    """Return how many of those that had not arrived by `begin` should have by `now`."""
    total = 0.0
    for started, arrived in events:
        if started < now and (arrived is None or arrived > begin):
            left = whole.share(now - started) / whole.share(max(0.0, begin - started))
            total += 1 - left
    return total
