"""The course of events from a step on: how long they stayed there, how long until the end.

An event that is still at its step after `waited` is not like all that passed it, but like those
that were still there too. So there is a curve for each of some landmarks, of the events that stayed
longer than that (H. C. van Houwelingen, "Dynamic Prediction by Landmarking in Event History
Analysis", Scand. J. Stat. 34 (2007) 70-85); an event asks the last landmark that it has passed.

Nobody has arrived yet after a wait longer than the longest arrival, so events in flight beyond it
say nothing of how long such waits last, however many they are: one stuck task may hold up all of
them, and frees them all at once. They count as watched until then; the tail says the rest.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from slatrack.domain.forecasts.remaining import LONGEST, Remaining
from slatrack.domain.forecasts.survival import Observed, kaplan_meier

LEFT = 0.8  # of those there at a landmark, the share that is there at the next one
FEW = 15  # a landmark that fewer have passed tells nothing


class Passage(NamedTuple):
    """One event from the moment it was done with a step: times in seconds from there.

    `stayed` is when it was seen at the next one (or until when it was watched, being still there);
    `total` when it reached what is waited for, or until when it was watched without; one that
    ended without `never` will.
    """

    stayed: float
    total: float
    arrived: bool
    weight: float = 1.0
    never: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """The curves of one step by landmark; `landmarks[0]` is 0."""

    landmarks: tuple[float, ...]
    curves: tuple[Remaining, ...]
    mean: float  # of what remained, from the step on, for those that arrived

    @property
    def arrivals(self) -> int:
        """How many arrivals it rests on."""
        return self.curves[0].curve.arrivals

    def after(self, waited: float) -> Remaining:
        """Return what remains for an event that is still there after `waited`."""
        return self.curves[bisect_right(self.landmarks, max(0.0, waited)) - 1]


def course(passages: Sequence[Passage]) -> Course:
    """Return the course that some passages of one step show."""
    landmarks, curves = [0.0], [_curve(passages)]
    there = sorted(passages)
    while (gone := int(len(there) * (1 - LEFT))) > 0:
        mark = there[gone - 1].stayed
        there = [one for one in there if one.stayed > mark]
        if sum(one.arrived for one in there) < FEW:
            break
        landmarks.append(mark)
        curves.append(_curve(there))
    totals = [one.total for one in passages if one.arrived]
    mean = sum(totals) / len(totals) if totals else 0.0
    return Course(tuple(landmarks), tuple(curves), mean)


def _curve(passages: Sequence[Passage]) -> Remaining:
    last = max((one.total for one in passages if one.arrived), default=LONGEST)
    return Remaining(kaplan_meier(_observed(one, last) for one in passages))


def _observed(one: Passage, last: float) -> Observed:
    """Return what one passage says; one in flight says nothing beyond the `last` arrival."""
    known = one.arrived or one.never
    return Observed(one.total if known else min(one.total, last), one.arrived, one.weight)
