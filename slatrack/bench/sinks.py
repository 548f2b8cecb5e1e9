"""A pipeline whose truth is known: events of two cohorts, and a sink that slows down and stops.

Three steps: an event is received, enriched and reported. What enriching takes depends on its cohort
and on the hour; reporting is work that the sink does at a pace that changes: usually 1, for some
minutes of each half hour less, and 0 while it is stopped.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

HOUR = 3600.0
ALLOWED = 120.0  # seconds from the start until due
COHORTS = (("equity", 1.0), ("bond", 1.6))
DAY_SLOWER = 1.3  # enriching takes so much longer in odd hours
PERIOD, SLOW_FOR, STOPPED_FOR = 1800.0, 300.0, 90.0
SLOW = 0.35


@dataclass(frozen=True, slots=True)
class Event:
    """One event with the instants at which it was done with each step, seconds since the start."""

    number: int
    cohort: str
    started: float
    received: float
    enriched: float
    reported: float

    @property
    def due(self) -> float:
        """When its deadline is due."""
        return self.started + ALLOWED

    @property
    def missed(self) -> bool:
        """Whether it is missed: the truth."""
        return self.reported > self.due

    def place(self, now: float) -> tuple[str, float]:
        """Return the step that it was last seen at by `now`, and since when; "": none yet."""
        if now >= self.enriched:
            return "enriched", self.enriched
        return ("received", self.received) if now >= self.received else ("", self.started)


def events(count: int, *, rate: float, dice: random.Random) -> Iterator[Event]:
    """Yield events as they start, `rate` a second."""
    now = 0.0
    episodes = _Episodes(dice)
    for number in range(count):
        now += dice.expovariate(rate)
        cohort, slower = dice.choice(COHORTS)
        slower *= DAY_SLOWER if int(now // HOUR) % 2 else 1.0
        received = now + dice.lognormvariate(0.0, 0.4)
        enriched = received + slower * dice.lognormvariate(2.9, 0.5)
        reported = episodes.done(enriched, dice.lognormvariate(2.7, 0.7))
        yield Event(number, cohort, now, received, enriched, reported)


class _Episodes:
    """When the sink is slow and when it is stopped: once in each period, at random."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._known: dict[int, list[tuple[float, float, float]]] = {}

    def done(self, begin: float, work: float) -> float:
        """Return when `work`, begun at `begin`, is done."""
        now = begin
        while True:
            for start, end, pace in self._of(int(now // PERIOD)):
                if now >= end:
                    continue
                now = max(now, start)
                if pace * (end - now) >= work:
                    return now + work / pace
                work -= pace * (end - now)
                now = end

    def _of(self, period: int) -> list[tuple[float, float, float]]:
        """Return the stretches of a period: from, to, pace."""
        if period not in self._known:
            begin = period * PERIOD
            slow = begin + self._dice.uniform(0.1, 0.3) * PERIOD
            stop = begin + self._dice.uniform(0.6, 0.85) * PERIOD
            edges = [begin, slow, slow + SLOW_FOR, stop, stop + STOPPED_FOR, begin + PERIOD]
            paces = [1.0, SLOW, 1.0, 0.0, 1.0]
            self._known[period] = list(zip(edges[:-1], edges[1:], paces, strict=True))
        return self._known[period]
