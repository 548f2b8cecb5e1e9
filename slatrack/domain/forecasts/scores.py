"""How good forecasts were: said against what came.

Each deadline that is followed is asked at the same fractions of its allowed time, if it is still
open then, so that neither early nor late forecasts, nor long journeys, weigh more than others.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

FRACTIONS = (0.25, 0.5, 0.75, 0.9)  # of the allowed time
FIXED = 0.8  # the naive rule: warn when so much of the allowed time has passed
BINS = 10


class Said(NamedTuple):
    """One forecast that was made, and whether the deadline was missed then."""

    p_miss: float
    missed: bool


class Bin(NamedTuple):
    """Forecasts of about the same probability: what was said on average, what came."""

    forecasts: int
    said: float
    came: float


class Called(NamedTuple):
    """One deadline: whether it was missed, and how long before due it was called so, if it was."""

    missed: bool
    lead: float | None  # seconds
    allowed: float  # seconds from its start until due


class Calling(NamedTuple):
    """How good a way of calling deadlines at risk was; None where nothing can be said."""

    called: int
    rightly: int
    missed: int
    lead: float | None  # seconds before due, median of those called rightly
    lead_share: float | None  # the same as a share of the allowed time

    @property
    def precision(self) -> float | None:
        """The share of those called that were missed."""
        return self.rightly / self.called if self.called else None

    @property
    def recall(self) -> float | None:
        """The share of those missed that were called before they were due."""
        return self.rightly / self.missed if self.missed else None

    @property
    def false_alarms(self) -> int:
        """How many were called and in time after all."""
        return self.called - self.rightly


def reliability(said: Iterable[Said]) -> list[Bin]:
    """Return the forecasts in bins of equal width, empty ones left out (the reliability diagram).

    A. H. Murphy and R. L. Winkler, "Reliability of Subjective Probability Forecasts of
    Precipitation and Temperature", Appl. Stat. 26 (1977) 41-47.
    """
    bins: list[list[Said]] = [[] for _ in range(BINS)]
    edges = [(n + 1) / BINS for n in range(BINS - 1)]
    for one in said:
        bins[bisect_right(edges, one.p_miss)].append(one)
    return [
        Bin(len(b), sum(s.p_miss for s in b) / len(b), sum(s.missed for s in b) / len(b))
        for b in bins
        if b
    ]


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Return how far what was said lies from what came, averaged over all forecasts.

    The expected calibration error: M. P. Naeini, G. F. Cooper and M. Hauskrecht, AAAI (2015).
    """
    total = sum(one.forecasts for one in bins)
    return sum(one.forecasts * abs(one.said - one.came) for one in bins) / total if total else None


def brier(said: Sequence[Said]) -> float | None:
    """Return the mean squared error of the probabilities (G. W. Brier, 1950): 0 best, 1 worst."""
    return sum((s.p_miss - s.missed) ** 2 for s in said) / len(said) if said else None


def brier_of_rate(said: Sequence[Said]) -> float | None:
    """Return the Brier score of saying each time the share that was missed: what to beat."""
    if not said:
        return None
    rate = sum(one.missed for one in said) / len(said)
    return rate * (1 - rate)


def calling(called: Iterable[Called]) -> Calling:
    """Return how good some calls were; a call at or after the due time is none."""
    known = list(called)
    made = [one for one in known if one.lead is not None and one.lead > 0]
    rightly = [one for one in made if one.missed]
    leads = [one.lead for one in rightly if one.lead is not None]
    shares = [one.lead / one.allowed for one in rightly if one.lead is not None and one.allowed]
    return Calling(
        called=len(made),
        rightly=len(rightly),
        missed=sum(one.missed for one in known),
        lead=median(leads) if leads else None,
        lead_share=median(shares) if shares else None,
    )
