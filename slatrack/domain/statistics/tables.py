"""Tables of two by two: does a property belong to one group more than to the other?

The G-test (Sokal and Rohlf, Biometry, 3rd ed., 17.4) where all four expected counts are at least
five, Fisher's exact test (Agresti, Categorical Data Analysis, 3rd ed., 3.5.1) where one is less
(the usual bound of Cochran, 1954). Both answer the same question, two-sided.
"""

from math import erfc, exp, lgamma, log, sqrt
from typing import NamedTuple

ENOUGH = 5.0  # the least expected count at which chi-squared is near enough
ALIKE = 1 + 1e-7  # likelihoods that differ by less are rounding (as R and SciPy have it)


class Table(NamedTuple):
    """How many of a group have a property: `a` of `a_all`, and `b` of `b_all` of the other."""

    a: int
    a_all: int
    b: int
    b_all: int


class Verdict(NamedTuple):
    """How unlikely chance is: the statistic G, the p-value, and which test gave that."""

    g: float
    p: float
    exact: bool


def independence(table: Table) -> Verdict:
    """Return how unlikely such a difference is if the property had nothing to do with the group."""
    g = g_statistic(table)
    if min(_expected(table)) < ENOUGH:
        return Verdict(g, fisher(table), exact=True)
    return Verdict(g, chi_squared_tail(g), exact=False)


def g_statistic(table: Table) -> float:
    """Return 2 * sum(observed * ln(observed / expected)) over the four cells."""
    a, a_all, b, b_all = table
    observed = (a, a_all - a, b, b_all - b)
    pairs = zip(observed, _expected(table), strict=True)
    return max(0.0, 2 * sum(o * log(o / e) for o, e in pairs if o and e))


def chi_squared_tail(x: float) -> float:
    """Return P(X > x) of chi-squared with one degree of freedom: that of a normal squared."""
    return erfc(sqrt(x / 2))


def fisher(table: Table) -> float:
    """Return Fisher's two-sided p: of all tables with these margins, those no likelier than ours.

    It walks all of them: at most as many as the smallest margin.
    """
    a, a_all, b, b_all = table
    having = a + b
    least, most = max(0, having - b_all), min(having, a_all)
    whole = _choose(a_all + b_all, having)
    likely = [
        exp(_choose(a_all, n) + _choose(b_all, having - n) - whole) for n in range(least, most + 1)
    ]
    ours = likely[a - least] * ALIKE
    return min(1.0, sum(one for one in likely if one <= ours))


def _choose(n: int, k: int) -> float:
    """The logarithm of the binomial coefficient."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _expected(table: Table) -> tuple[float, float, float, float]:
    a, a_all, b, b_all = table
    whole = a_all + b_all
    if not whole:
        return 0.0, 0.0, 0.0, 0.0
    share = (a + b) / whole
    return a_all * share, a_all * (1 - share), b_all * share, b_all * (1 - share)
