"""The pace: how many events arrive at present, of those that should by history.

Observed over expected arrivals of a recent window, the standardised ratio of life tables (N. E.
Breslow and N. E. Day, Statistical Methods in Cancer Research II (1987), chapter 2), held near 1
while little was to be expected. What is expected of an event is the growth of the cumulative hazard
over the time that it was on its way in the window, whether it arrived or not. So a sink that stops
is told by nobody's arriving; of how long it will stay so nothing is known but how long it has, so
that the law has no scale (Pareto). HELD, DAMPED and TAIL are those with which `bench forecast` came
out calibrated.

Events that one stuck task or batch holds up do not wait independently: however many they are, they
tell of one stop, not of a slow sink (pseudo-replication: S. H. Hurlbert, Ecol. Monogr. 54 (1984)
187-211). They are known by so many being overdue while others arrive as usual. Of events that wait
independently a share of 1/e has waited for more than the mean hazard, as of any exponential law: of
those overdue so many count, and one for all that are beyond.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import e
from typing import NamedTuple

from slatrack.domain.forecasts.remaining import Remaining

HELD = 40.0  # arrivals that speak for pace 1 before any was seen
DAMPED = 0.5  # the power of it that is believed: the present seldom lasts as long as what remains
TAIL = 1.5  # of how long stops last: the exponent of a Pareto law
STOPPED = 5.0  # that should have come since the last: chance brings that about in 0.7 % of cases
MOST_OF_ONE = 3.0  # hazard of one event: one that is stuck alone slows nobody down
OVERDUE = 1 / (e - 1)  # for each event in flight that is not, where all wait independently
PRIOR = 5  # arrivals with a hazard of 1, from before any was seen
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
    """Return the pace over the `window` seconds before `now`; `whole` is the way from the start.

    The last arrival belongs among the `events` even where it lies before the window: how long a
    stop has lasted is counted from it.
    """
    known = list(events)
    arrivals = [e.arrived for e in known if e.arrived is not None and e.arrived <= now]
    begin = now - window
    observed = sum(1 for at in arrivals if at > begin)
    hazard = _hazard(known, whole, begin, now)
    damped = ((observed + HELD) / (hazard + HELD)) ** DAMPED
    ratio = min(FASTEST, max(SLOWEST, damped))
    since = max(arrivals, default=begin)  # however long ago
    in_vain = _expected(known, whole, since, now)
    if in_vain >= STOPPED:
        return Pace(ratio, 0, in_vain, now - since)
    return Pace(ratio, observed, _expected(known, whole, begin, now))


def _hazard(events: Iterable[Under], whole: Remaining, begin: float, now: float) -> float:
    """Return the hazard that all were under in (begin, now], each until it arrived.

    Of those overdue so many count as would be if they waited independently, and one more.
    """
    arrived, in_flight = _grown(events, whole, begin, now)
    usual = (sum(one.ever for one in arrived) + PRIOR) / (len(arrived) + PRIOR)
    usual = min(MOST_OF_ONE, max(1.0, usual))
    overdue = [min(one.here, usual) for one in in_flight if one.ever >= usual]
    count = len(in_flight) - len(overdue)
    speak = min(1.0, (1 + OVERDUE * count) / len(overdue)) if overdue else 0.0
    not_yet = sum(one.here for one in in_flight if one.ever < usual)
    return sum(one.here for one in arrived) + not_yet + speak * sum(overdue)


class _Grown(NamedTuple):
    """The hazard that an event was under in the window, and ever since its start."""

    here: float
    ever: float


def _grown(
    events: Iterable[Under], whole: Remaining, begin: float, now: float
) -> tuple[list[_Grown], list[_Grown]]:
    """Return the hazards of those that arrived in the window, and of those still in flight."""
    arrived_ones: list[_Grown] = []
    in_flight: list[_Grown] = []
    for started, arrived in events:
        there = arrived is None or arrived > now
        end = now if arrived is None else min(arrived, now)
        if end > max(begin, started):
            ever = whole.hazard(end - started)
            here = min(ever - whole.hazard(max(0.0, begin - started)), MOST_OF_ONE)
            (in_flight if there else arrived_ones).append(_Grown(here, min(ever, MOST_OF_ONE)))
    return arrived_ones, in_flight


def _expected(events: Iterable[Under], whole: Remaining, begin: float, now: float) -> float:
    """Return how many of those that had not arrived by `begin` should have by `now`.

    Of waits longer than any in history nothing is expected.
    """
    total, longest = 0.0, whole.curve.longest
    for started, arrived in events:
        if started < now and (arrived is None or arrived > begin):
            before = whole.share(min(max(0.0, begin - started), longest))
            total += 1 - whole.share(min(now - started, longest)) / before
    return total
