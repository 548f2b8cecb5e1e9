"""Typical: what events of a flow usually take from step to step, to compare one of them with.

Medians of each leg apart, so that one slow event among the others says nothing; the whole way is
the median of whole ways, which is not the sum of them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from slatrack.domain.journeys import Journey
from slatrack.domain.legs import Leg

Between = tuple[str, str]  # the steps at both ends of a leg
OFTEN = 0.5  # of the events: what more than these show is usual
NEARLY_ALL = 0.95


class Length(NamedTuple):
    """How long one leg took, in nanoseconds."""

    working: int
    waiting: int

    @property
    def whole(self) -> int:
        """From the begin of one step to that of the next."""
        return self.working + self.waiting


NONE = Length(0, 0)


@dataclass(frozen=True, slots=True)
class Took:
    """How long one event took, as a whole (None: it is not over) and on each leg."""

    key: str
    whole: int | None
    legs: Mapping[Between, Length]


class Usual(NamedTuple):
    """A leg as some `events` took it: medians, and what 95 of 100 took at most."""

    events: int
    length: Length
    most: int

    def is_usual(self, count: int) -> bool:
        """Whether most of `count` events took this leg."""
        return self.events > OFTEN * count


@dataclass(frozen=True, slots=True)
class Typical:
    """What `count` events took. `nearest` is the key of the one that is most like them all."""

    count: int
    nearest: str
    whole: int
    most: int
    legs: Mapping[Between, Usual]

    def is_usual(self, leg: Between) -> bool:
        """Whether most of the events took this leg."""
        return leg in self.legs and self.legs[leg].is_usual(self.count)


def took(journey: Journey, legs: Sequence[Leg]) -> Took:
    """Return how long a journey with these legs took."""
    whole = None if journey.ended is None else journey.ended - journey.started
    found = {(leg.before, leg.after): Length(leg.working, leg.waiting) for leg in legs}
    return Took(journey.key, whole, found)


def typical(events: Sequence[Took]) -> Typical | None:
    """Return what is typical of events that are over; None of none."""
    over = [one for one in events if one.whole is not None]
    if not over:
        return None
    found: dict[Between, list[Length]] = defaultdict(list)
    for one in over:
        for leg, length in one.legs.items():
            found[leg].append(length)
    legs = {leg: _usual(lengths) for leg, lengths in found.items()}
    wholes = sorted(one.whole or 0 for one in over)
    nearest = min(over, key=lambda one: (_unlike(one, legs, len(over)), one.key)).key
    return Typical(len(over), nearest, round(median(wholes)), _most(wholes), legs)


def _usual(lengths: Sequence[Length]) -> Usual:
    middle = Length(
        round(median(one.working for one in lengths)), round(median(one.waiting for one in lengths))
    )
    return Usual(len(lengths), middle, _most(sorted(one.whole for one in lengths)))


def _most(ordered: Sequence[int]) -> int:
    """The nearest rank, so that it is a length that was really seen."""
    return ordered[-(-len(ordered) * round(NEARLY_ALL * 100) // 100) - 1]


def _unlike(one: Took, legs: Mapping[Between, Usual], count: int) -> int:
    """How far an event is from the medians; a leg that most did not take counts whole."""
    return sum(
        abs(one.legs.get(leg, NONE).whole - (usual.length.whole if usual.is_usual(count) else 0))
        for leg, usual in legs.items()
    )
