"""Two groups of times against published values, and against truth that is known."""

import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.statistics.many import holm
from slatrack.domain.statistics.ranks import mann_whitney, median_interval, shift

TIMES = st.lists(st.integers(0, 20), min_size=1, max_size=30)


def test_mann_and_whitney_s_published_example():
    """SciPy's manual of mannwhitneyu: age at diagnosis of diabetes, asymptotic."""
    share, p = mann_whitney([19, 22, 16, 29, 24], [20, 11, 17, 12])

    assert share * 5 * 4 == 17
    assert p == pytest.approx(0.11134688653314041)


@given(TIMES, TIMES)
def test_ranks_count_the_pairs(one, two):
    pairs = list(product(one, two))
    wins = sum(a > b for a, b in pairs) + sum(a == b for a, b in pairs) / 2

    assert mann_whitney(one, two)[0] == pytest.approx(wins / len(pairs))
    assert mann_whitney(two, one)[1] == pytest.approx(mann_whitney(one, two)[1])


@pytest.mark.parametrize(
    ("one", "two", "low", "high"),
    [  # the manual of statpsych (R), ci.median2, two editions
        ([32, 39, 26, 35, 43, 27, 40, 37, 34, 29], [36, 44, 47, 42, 49, 39, 46, 31, 33, 48],
         -16.95977, -0.04022524),
        ([70, 394, 43, 95, 62, 128, 2, 203, 81, 436, 85, 35, 156, 1, 3, 27, 63, 181, 184, 18],
         [102, 120, 78, 78, 417, 124, 86, 171, 176, 129, 230, 194, 100, 157, 306, 411, 164, 103,
          193, 312], -157.7441, -12.25589),
    ],
)  # fmt: skip
def test_bonett_and_price_s_published_examples(one, two, low, high):
    assert median_interval(sorted(one), sorted(two)) == pytest.approx((low, high), rel=1e-6)


@pytest.mark.parametrize("size", [40, 1200])
def test_the_interval_holds_the_truth_as_often_as_it_says(size):
    """Exponential times whose medians differ by ln 2 seconds; 300 draws, so 95 % is 285 +- 8."""
    draw, truth, held = random.Random(7), 0.6931471805599453, 0
    for _ in range(300):
        slow = sorted(draw.expovariate(0.5) for _ in range(size))
        fast = sorted(draw.expovariate(1.0) for _ in range(size))
        low, high = median_interval(slow, fast)
        held += low <= truth <= high

    assert 273 <= held <= 297


def test_no_difference_is_seldom_found_where_there_is_none():
    draw = random.Random(3)
    found = [
        mann_whitney(*([draw.lognormvariate(0, 1) for _ in range(30)] for _ in range(2)))[1]
        for _ in range(400)
    ]

    assert 8 <= sum(p < 0.05 for p in found) <= 32  # 20 +- 4 at a time


def test_of_few_or_of_none_less_is_said():
    assert shift([], [1.0]) is None
    assert shift([1.0, 2.0], [3.0, 4.0]).interval is None
    assert shift([1.0] * 9, [1.0] * 9).p == 1


def test_holm_s_steps():
    """p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") in R."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=20))
def test_a_corrected_p_is_never_less_and_keeps_its_place(p_values):
    corrected = holm(p_values)

    assert all(p <= q <= 1 for p, q in zip(p_values, corrected, strict=True))
    order = sorted(range(len(p_values)), key=lambda n: p_values[n])
    assert [corrected[n] for n in order] == sorted(corrected)
