"""Survival curves against a textbook's worked example and a slow second implementation."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.forecasts.survival import Observed, kaplan_meier

# Freireich et al. (1963), weeks in remission under 6-MP; the example of most textbooks.
ARRIVED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PUBLISHED = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}

observations = st.lists(
    st.builds(Observed, st.integers(0, 30).map(float), st.booleans(), st.integers(1, 3).map(float)),
    min_size=1,
    max_size=40,
)


def test_the_textbook_example():
    observed = [Observed(t, True) for t in ARRIVED] + [Observed(t, False) for t in CENSORED]

    curve = kaplan_meier(observed)

    assert {int(t): round(s, 3) for t, s in zip(curve.times, curve.shares, strict=True)} == (
        pytest.approx(PUBLISHED, abs=0.0011)
    )
    assert (curve.arrivals, curve.longest) == (9, 35)


def slow(observed: list[Observed], seconds: float) -> float:
    """The product over the times of arrivals, each risk set counted anew; events repeated."""
    events = [(o.seconds, o.arrived) for o in observed for _ in range(int(o.weight))]
    share = 1.0
    for at in sorted({t for t, arrived in events if arrived and t <= seconds}):
        there = sum(1 for t, _ in events if t >= at)
        share *= 1 - sum(1 for t, arrived in events if arrived and t == at) / there
    return share


@given(observations, st.integers(0, 35))
def test_it_equals_the_definition(observed, seconds):
    assert kaplan_meier(observed).at(seconds) == pytest.approx(slow(observed, seconds), abs=1e-9)


@given(observations)
def test_it_only_falls_and_stays_a_share(observed):
    shares = (1.0, *kaplan_meier(observed).shares)

    assert all(0 <= after < before for before, after in pairwise(shares))


@given(st.lists(st.integers(0, 30).map(float), min_size=1, max_size=40), st.integers(0, 30))
def test_without_censoring_it_is_the_share_that_takes_longer(times, seconds):
    curve = kaplan_meier([Observed(t, True) for t in times])

    assert curve.at(seconds) == pytest.approx(sum(t > seconds for t in times) / len(times))


def test_what_is_still_on_its_way_moves_the_curve_up():
    arrived = [Observed(t, True) for t in (1.0, 2.0, 3.0)]

    alone = kaplan_meier(arrived)
    with_waiting = kaplan_meier([*arrived, Observed(2.5, False), Observed(9.0, False)])

    assert alone.at(3) == 0
    assert with_waiting.at(3) == pytest.approx(3 / 5 * (1 - 1 / 2))


def test_nothing_observed_is_no_knowledge():
    curve = kaplan_meier([])

    assert (curve.at(10), curve.arrivals, curve.longest) == (1.0, 0, 0.0)
