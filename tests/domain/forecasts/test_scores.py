import random

import pytest

from slatrack.domain.forecasts.scores import (
    Bin,
    Called,
    Said,
    brier,
    brier_of_rate,
    calibration_error,
    calling,
    reliability,
)


def said(probability: float, came: float, count: int = 100) -> list[Said]:
    return [Said(probability, n < came * count) for n in range(count)]


def test_reliability_bins_what_was_said_against_what_came():
    bins = reliability([*said(0.05, 0.1), *said(0.95, 0.5), *said(1.0, 1.0)])

    assert bins == [Bin(100, pytest.approx(0.05), 0.1), Bin(200, pytest.approx(0.975), 0.75)]
    assert calibration_error(bins) == pytest.approx((100 * 0.05 + 200 * 0.225) / 300)


def test_honest_dice_are_calibrated():
    dice = random.Random(1)
    honest = [Said(p, dice.random() < p) for p in (dice.random() for _ in range(20_000))]

    assert calibration_error(reliability(honest)) < 0.01
    assert brier(honest) == pytest.approx(1 / 6, abs=0.01)
    assert brier_of_rate(honest) == pytest.approx(1 / 4, abs=0.01)


def test_nothing_said_is_no_score():
    assert (calibration_error([]), brier([]), brier_of_rate([])) == (None, None, None)
    found = calling([])
    assert (found.precision, found.recall, found.lead) == (None, None, None)


def test_calling():
    found = calling(
        [
            Called(missed=True, lead=30.0, allowed=60.0),
            Called(missed=True, lead=10.0, allowed=60.0),
            Called(missed=True, lead=None, allowed=60.0),
            Called(missed=True, lead=-1.0, allowed=60.0),  # called after it was due: no call
            Called(missed=False, lead=20.0, allowed=60.0),
            Called(missed=False, lead=None, allowed=60.0),
        ]
    )

    assert (found.called, found.rightly, found.missed, found.false_alarms) == (3, 2, 4, 1)
    assert (found.precision, found.recall) == (pytest.approx(2 / 3), 0.5)
    assert (found.lead, found.lead_share) == (20.0, pytest.approx(1 / 3))
