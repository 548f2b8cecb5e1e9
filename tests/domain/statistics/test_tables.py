"""Tests of tables against published values."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.statistics.tables import (
    Table,
    chi_squared_tail,
    fisher,
    g_statistic,
    independence,
)

COUNTS = st.integers(0, 25)
TABLES = st.builds(
    lambda a, not_a, b, not_b: Table(a, a + not_a, b, b + not_b), COUNTS, COUNTS, COUNTS, COUNTS
).filter(lambda table: table.a_all and table.b_all)


@pytest.mark.parametrize(
    ("table", "p"),
    [
        (Table(3, 4, 1, 4), 0.485714),  # the lady tasting tea: Agresti, 3.5.2
        (Table(8, 10, 1, 6), 0.034965),  # SciPy's manual of fisher_exact
        (Table(6, 8, 1, 5), 0.102564),
    ],
)
def test_fisher_s_published_examples(table, p):
    assert fisher(table) == pytest.approx(p, abs=1e-6)


def test_g_s_published_example():
    """Severe reactions after a vaccine in thigh and arm: McDonald, Handbook of Biological
    Statistics, G-test of independence: G = 2.14, P = 0.14."""
    found = independence(Table(30, 4788, 76, 8916))

    assert (round(found.g, 2), round(found.p, 2), found.exact) == (2.14, 0.14, False)


@pytest.mark.parametrize(("x", "p"), [(3.841459, 0.05), (6.634897, 0.01), (10.827566, 0.001)])
def test_the_tail_of_chi_squared_as_in_tables(x, p):
    assert chi_squared_tail(x) == pytest.approx(p, rel=1e-5)


@given(TABLES)
def test_fisher_is_the_sum_of_whole_fractions(table):
    """The same by its definition, without a logarithm."""
    a, a_all, b, b_all = table
    having, whole = a + b, comb(a_all + b_all, a + b)
    likely = {
        n: Fraction(comb(a_all, n) * comb(b_all, having - n), whole)
        for n in range(max(0, having - b_all), min(having, a_all) + 1)
    }

    slow = sum(p for p in likely.values() if p <= likely[a])

    assert fisher(table) == pytest.approx(float(slow), rel=1e-9)


@given(TABLES)
def test_which_group_comes_first_makes_no_difference(table):
    a, a_all, b, b_all = table
    turned, other = Table(b, b_all, a, a_all), Table(a_all - a, a_all, b_all - b, b_all)

    assert fisher(turned) == pytest.approx(fisher(table))
    assert g_statistic(turned) == pytest.approx(g_statistic(table), abs=1e-9)
    assert fisher(other) == pytest.approx(fisher(table))


@given(TABLES)
def test_equal_shares_tell_nothing(table):
    a, a_all, _, _ = table
    even = Table(a, a_all, 3 * a, 3 * a_all)

    assert g_statistic(even) == pytest.approx(0, abs=1e-9)
    assert fisher(even) == pytest.approx(1)


def test_small_counts_are_tested_exactly():
    assert independence(Table(4, 10, 1, 1000)).exact
    assert not independence(Table(400, 1000, 100, 1000)).exact
