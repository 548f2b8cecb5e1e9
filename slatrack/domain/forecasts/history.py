"""History: what is remembered of past events, and which part of it speaks for an event.

Events of the same cohort and hour of day speak best, if there are enough of them; else those of
the cohort, of the hour, of the whole flow. Which it was is said with each forecast.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from slatrack.domain.forecasts.courses import Course, Passage, course
from slatrack.domain.forecasts.remaining import LONGEST

ENOUGH = 20  # arrivals: with fewer, nothing is forecast
ENOUGH_OF_SOME = 100  # arrivals of a cohort or hour: with fewer, a wider circle speaks
MOST = 1_000  # newest events that a forecast rests on
START = ""  # the place of an event that has not been seen at a step yet


class Past(NamedTuple):
    """One event as it is remembered; times in seconds from its start.

    `steps` are in the order in which it was seen at them, each with when it was done there,
    `reached` the steps that it reached well. One still on its way (`ended` False) was watched for
    `watched`. `weight` is how many events it stands for.
    """

    started: float  # seconds since 1970
    cohort: str
    hour: int  # of day, UTC
    steps: tuple[tuple[str, float], ...]
    reached: tuple[tuple[str, float], ...]
    watched: float
    ended: bool
    weight: float = 1.0


class Basis(NamedTuple):
    """Whose history a forecast rests on; None: all cohorts, all hours."""

    events: int
    cohort: str | None = None
    hour: int | None = None


class Spoken(NamedTuple):
    """A course, and whose it is."""

    course: Course
    basis: Basis


@dataclass
class History:
    """What is remembered of one flow. Courses are worked out when first asked for, and kept.

    `delay` is how many seconds after the fact most events are known here: what has not been seen
    for less than that is not missing.
    """

    events: Sequence[Past]
    delay: float = 0.0
    _known: dict[tuple[str, str, str | None, int | None], Course] = field(default_factory=dict)

    def speaks(self, step: str, until: str, *, cohort: str, hour: int) -> Spoken | None:
        """Return the course from `step` until `until` that speaks for such an event; None: none."""
        own = ((cohort, hour), (cohort, None)) if cohort else ()
        for wide in (*own, (None, hour), (None, None)):
            found = self._course(step, until, *wide)
            if found.arrivals >= (ENOUGH if wide == (None, None) else ENOUGH_OF_SOME):
                return Spoken(found, Basis(found.arrivals, *wide))
        return None

    def speaks_for_all(self, step: str, until: str) -> Course:
        """Return the course from `step` until `until` of all events, however few."""
        return self._course(step, until, None, None)

    def known(self, until: str) -> int:
        """Return of how many events it is known how long they took."""
        return self.speaks_for_all(START, until).arrivals

    def _course(self, step: str, until: str, cohort: str | None, hour: int | None) -> Course:
        key = (step, until, cohort, hour)
        if key not in self._known:
            chosen = [p for p in self.events if _is_of(p, cohort, hour)][-MOST:]
            self._known[key] = course(list(passages(_begun_since(chosen), step, until)))
        return self._known[key]


def _is_of(past: Past, cohort: str | None, hour: int | None) -> bool:
    return (cohort is None or past.cohort == cohort) and (hour is None or past.hour == hour)


def _begun_since(events: Sequence[Past]) -> Iterable[Past]:
    """Leave out what began before any that ended: its like, had it ended, would be forgotten."""
    first = min((p.started for p in events if p.ended), default=0.0)
    return (p for p in events if p.ended or p.started >= first)


def passages(events: Iterable[Past], step: str, until: str) -> Iterator[Passage]:
    """Yield how each event that passed `step` went on until it reached `until`."""
    for past in events:
        places = [(START, 0.0), *past.steps]
        number = next((n for n, (name, _) in enumerate(places) if name == step), None)
        if number is None:
            continue
        since = places[number][1]
        later = [at for _, at in places[number + 1 :]]
        arrived = dict(past.reached).get(until)
        if arrived is not None and arrived <= since:
            continue  # it was there before
        total = _total(past, arrived) - since
        stayed = (later[0] if later else past.watched) - since
        there, never = arrived is not None, arrived is None and past.ended
        yield Passage(max(0.0, stayed), max(0.0, total), there, past.weight, never)


def _total(past: Past, arrived: float | None) -> float:
    """When it arrived, or until when it was watched: one that ended without never will."""
    if arrived is not None:
        return arrived
    return LONGEST if past.ended else past.watched
