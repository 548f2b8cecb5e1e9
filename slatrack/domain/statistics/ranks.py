"""Two groups of lengths of time: is one longer, and by how much at the middle?

Times are skewed and have outliers, so nothing here supposes that they are normal.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import comb, erfc, sqrt
from statistics import NormalDist, median
from typing import NamedTuple

from slatrack.domain.statistics.proportions import Interval, Z

FEW = 4  # of fewer, no interval of a median can be told
EXACT = 1000  # values up to which binomials are summed


class Shift(NamedTuple):
    """How two groups differ: medians, their difference with its interval, and the p of the ranks.

    `longer` is how often one of the first group takes longer than one of the second (ties half).
    """

    first: float
    second: float
    interval: Interval | None  # None: too few
    longer: float
    p: float

    @property
    def difference(self) -> float:
        """The first median less the second."""
        return self.first - self.second


def shift(first: Iterable[float], second: Iterable[float]) -> Shift | None:
    """Return how two groups differ; None where one is empty."""
    one, two = sorted(first), sorted(second)
    if not (one and two):
        return None
    longer, p = mann_whitney(one, two)
    return Shift(median(one), median(two), median_interval(one, two), longer, p)


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Return U / (n m) and the two-sided p of Mann and Whitney's test.

    Normal approximation with corrections for ties and for continuity (Hollander, Wolfe and Chicken,
    Nonparametric Statistical Methods, 3rd ed., 4.1); p is 1 where all values are the same.
    """
    n, m = len(first), len(second)
    counts = Counter(first) + Counter(second)
    rank, ranks, ties = 0, {}, 0
    for value in sorted(counts):
        count = counts[value]
        ranks[value] = rank + (count + 1) / 2
        rank += count
        ties += count**3 - count
    u = sum(ranks[value] for value in first) - n * (n + 1) / 2
    whole = n + m
    variance = n * m / 12 * (whole + 1 - ties / (whole * (whole - 1)))
    if variance <= 0:
        return u / (n * m), 1.0
    z = max(0.0, abs(u - n * m / 2) - 0.5) / sqrt(variance)
    return u / (n * m), erfc(z / sqrt(2))


def median_interval(first: Sequence[float], second: Sequence[float]) -> Interval | None:
    """Return the interval of the difference of the medians of two sorted groups.

    Bonett and Price, Psychological Methods 7 (2002): it supposes neither a shape nor equal spread,
    only that few values are the same.
    """
    if min(len(first), len(second)) < FEW:
        return None
    apart = median(first) - median(second)
    spread = Z * sqrt(_variance(first) + _variance(second))
    return Interval(apart - spread, apart + spread)


def _variance(ordered: Sequence[float]) -> float:
    """The variance of a median, from two values around it and how likely it is between them."""
    n = len(ordered)
    c = max(1, round((n + 1) / 2 - sqrt(n)))
    if n > EXACT:
        z = 2 * (n / 2 - c + 0.5) / sqrt(n)  # the normal approximation of the same binomial
    else:
        z = NormalDist().inv_cdf(1 - sum(comb(n, i) for i in range(c)) / 2**n)
    return float(((ordered[n - c] - ordered[c - 1]) / (2 * z)) ** 2)
