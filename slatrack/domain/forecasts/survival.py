"""Survival curves: what share of events are still on their way after so long.

The product-limit estimate of E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete
Observations", J. Am. Stat. Assoc. 53 (1958) 457-481: S(t) is the product over all arrivals at or
before t of 1 - d/n, with d arriving of the n that were still on their way. An event that has not
arrived yet is censored: it counts among the n for as long as it was watched, and no longer.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple


class Observed(NamedTuple):
    """One event: for how long it was watched, and whether it arrived then (else: censored).

    `weight` is how many events it stands for, where only some of many are looked at.
    """

    seconds: float
    arrived: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Curve:
    """A step function that falls from 1: `shares[n]` are left from `times[n]` on."""

    times: tuple[float, ...]
    shares: tuple[float, ...]
    arrivals: int
    longest: float  # for how long anything was watched

    def at(self, seconds: float) -> float:
        """Return the share of events that take longer than `seconds`."""
        number = bisect_right(self.times, seconds)
        return self.shares[number - 1] if number else 1.0


def kaplan_meier(observed: Iterable[Observed]) -> Curve:
    """Return the curve of some events. Arrivals count before what is censored at the same time."""
    ordered = sorted(observed)
    left = sum(one.weight for one in ordered)
    share, arrivals = 1.0, 0
    times: list[float] = []
    shares: list[float] = []
    for seconds, together in groupby(ordered, key=itemgetter(0)):
        gone = arrived = 0.0
        for one in together:
            gone += one.weight
            if one.arrived:
                arrived += one.weight
                arrivals += 1
        if arrived:
            share *= max(0.0, 1 - arrived / left) if left > 0 else 0.0
            times.append(seconds)
            shares.append(share)
        left = max(left - gone, 0.0)
    if times and ordered[-1].arrived and ordered[-1].seconds == times[-1]:
        shares[-1] = _all_gone(ordered, shares[-1])
    longest = ordered[-1].seconds if ordered else 0.0
    return Curve(tuple(times), tuple(shares), arrivals, longest)


def _all_gone(ordered: list[Observed], share: float) -> float:
    """Nothing is left, to the last digit, where all that were watched longest have arrived."""
    last = ordered[-1].seconds
    return 0.0 if all(one.arrived for one in ordered if one.seconds == last) else share
