"""Shares, and how sure they are: intervals that hold for small counts and for shares near 0 and 1.

`Z` makes them 95 % intervals throughout.
"""

from math import exp, inf, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

from slatrack.domain.statistics.tables import Table

Z = NormalDist().inv_cdf(0.975)


class Interval(NamedTuple):
    """Between `low` and `high` with 95 % confidence."""

    low: float
    high: float


def share_interval(count: int, whole: int) -> Interval:
    """Return Wilson's score interval of a share (Wilson, JASA 22, 1927); 0 to 1 of nothing."""
    if not whole:
        return Interval(0.0, 1.0)
    share, z2 = count / whole, Z * Z
    middle = share + z2 / (2 * whole)
    spread = Z * sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole))
    scale = 1 + z2 / whole
    return Interval(max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def difference_interval(table: Table) -> Interval:
    """Return the interval of the difference of two shares, the first less the second.

    Newcombe's hybrid of two score intervals (Statistics in Medicine 17, 1998, method 10).
    """
    a, a_all, b, b_all = table
    if not (a_all and b_all):
        return Interval(-1.0, 1.0)
    first, second = a / a_all, b / b_all
    (low1, high1), (low2, high2) = share_interval(a, a_all), share_interval(b, b_all)
    apart = first - second
    return Interval(
        apart - sqrt((first - low1) ** 2 + (high2 - second) ** 2),
        apart + sqrt((high1 - first) ** 2 + (second - low2) ** 2),
    )


def ratio(table: Table) -> float:
    """Return how many times as often the first group has the property; infinite where only it."""
    a, a_all, b, b_all = table
    if not (a and a_all and b_all):
        return 0.0
    return (a / a_all) / (b / b_all) if b else inf


def ratio_interval(table: Table) -> Interval:
    """Return the interval of that ratio (Katz and others, Biometrics 34, 1978).

    Where a count is none, or all, half an event is added to each cell (Agresti, 3.1.1), so that the
    interval stays finite.
    """
    a, a_all, b, b_all = map(float, table)
    if not (a_all and b_all):
        return Interval(0.0, inf)
    if not (a and b and a < a_all and b < b_all):
        a, b, a_all, b_all = a + 0.5, b + 0.5, a_all + 1, b_all + 1
    middle = log((a / a_all) / (b / b_all))
    spread = Z * sqrt(1 / a - 1 / a_all + 1 / b - 1 / b_all)
    return Interval(exp(middle - spread), exp(middle + spread))
