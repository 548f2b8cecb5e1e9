"""The pace: how many events arrive at present, of those that should by history.

Observed over expected arrivals of a recent window, the standardised ratio of life tables (N. E.
Breslow and N. E. Day, Statistical Methods in Cancer Research II (1987), chapter 2), held near 1
while little was to be expected. What is expected of an event is the growth of the cumulative hazard
over the time that it was on its way in the window, whether it arrived or not. So a sink that stops
is told by nobody's arriving.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from slatrack.domain.forecasts.remaining import Remaining

HELD = 10.0  # arrivals that speak for pace 1 before any was seen
STOPPED = 5.0  # expected in vain since the last arrival: chance brings that about in 0.7 % of cases
MOST_OF_ONE = 3.0  # expected of one event: one that is stuck alone stops nobody
FASTEST, SLOWEST = 2.0, 0.001


class Under(NamedTuple):
    """An event on its way in the window, in seconds since 1970; not arrived: None."""

    started: float
    arrived: float | None


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast events arrive, 1 being as history has it. `stopped`: seconds since the last did."""

    ratio: float = 1.0
    observed: int = 0
    expected: float = 0.0
    stopped: float | None = None


def pace(events: Iterable[Under], whole: Remaining, *, now: float, window: float) -> Pace:
    """Return the pace over the `window` seconds before `now`; `whole` is the way from the start."""
    known = list(events)
    arrivals = [e.arrived for e in known if e.arrived is not None and e.arrived <= now]
    since = max([now - window, *arrivals])
    in_vain = _expected(known, whole, since, now)
    begin = now - window
    observed = sum(1 for at in arrivals if at > begin)
    expected = _expected(known, whole, begin, now)
    if in_vain >= STOPPED:
        return Pace(max(SLOWEST, 1 / (in_vain + 1)), observed, expected, now - since)
    ratio = (observed + HELD) / (expected + HELD)
    return Pace(min(FASTEST, max(SLOWEST, ratio)), observed, expected)


def _expected(events: Iterable[Under], whole: Remaining, begin: float, now: float) -> float:
    total = 0.0
    for started, arrived in events:
        end = now if arrived is None else min(arrived, now)
        if end > max(begin, started):
            grown = whole.hazard(end - started) - whole.hazard(max(0.0, begin - started))
            total += min(grown, MOST_OF_ONE)
    return total
