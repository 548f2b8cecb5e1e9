"""Intervals of shares against published values."""

from math import inf, isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.statistics.proportions import (
    difference_interval,
    ratio,
    ratio_interval,
    share_interval,
)
from slatrack.domain.statistics.tables import Table


@pytest.mark.parametrize(
    ("count", "whole", "low", "high"),  # Newcombe, Statistics in Medicine 17 (1998), 857, table I
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_the_score_interval_s_published_examples(count, whole, low, high):
    assert share_interval(count, whole) == pytest.approx((low, high), abs=5e-5)


def test_the_difference_s_published_example():
    """56 of 70 less 48 of 80: Newcombe, Statistics in Medicine 17 (1998), 873, table II (a)."""
    assert difference_interval(Table(56, 70, 48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_ratio_s_published_example():
    """Heart attacks without and with aspirin: Agresti, Introduction to Categorical Data, 2.2.3."""
    table = Table(189, 11034, 104, 11037)

    assert ratio(table) == pytest.approx(1.82, abs=0.005)
    assert ratio_interval(table) == pytest.approx((1.43, 2.31), abs=0.005)


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_the_share_that_was_seen(count, more):
    low, high = share_interval(count, count + more)

    assert 0 <= low <= count / (count + more) <= high <= 1


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_an_interval_of_a_ratio_is_finite_and_turns_round_with_it(a, not_a, b, not_b):
    table, turned = Table(a, a + not_a, b, b + not_b), Table(b, b + not_b, a, a + not_a)
    if not (table.a_all and table.b_all):
        return
    low, high = ratio_interval(table)

    assert 0 < low <= high
    assert isfinite(high)
    assert ratio_interval(turned) == pytest.approx((1 / high, 1 / low))


def test_of_nothing_nothing_is_known():
    assert share_interval(0, 0) == (0, 1)
    assert difference_interval(Table(0, 0, 1, 2)) == (-1, 1)
    assert ratio_interval(Table(0, 0, 1, 2)) == (0, inf)
    assert ratio(Table(3, 9, 0, 9)) == inf
