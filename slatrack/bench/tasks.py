"""Another pipeline whose truth is known: the sink has tasks, and now and then one is held up.

Each task has a third of the events. While one is held up its events wait, and once it is free all
of them arrive at once: they are delayed in common, not each by chance. All others are quick.
"""

import random
from collections.abc import Iterator

from slatrack.bench.sinks import Event

TASKS = 3
EVERY = 300.0  # seconds from hold to hold, about
FIRST = 60.0  # seconds until the first may begin
LASTS = (4.7, 0.5)  # seconds, log-normal: 110 s in the median, where 120 s are allowed


def events(count: int, *, rate: float, dice: random.Random) -> Iterator[Event]:
    """Yield events as they start, `rate` a second."""
    now = 0.0
    holds = list(_holds(2 * count / rate, dice))
    for number in range(count):
        now += dice.expovariate(rate)
        task = dice.randrange(TASKS)
        received = now + dice.lognormvariate(0.0, 0.4)
        routed = received + dice.lognormvariate(0.0, 0.4)
        reported = routed + dice.uniform(2.0, 8.0)
        for held, begin, end in holds:
            if held == task and begin <= reported < end:
                reported = end
        yield Event(number, "trade", now, received, routed, reported)


def _holds(until: float, dice: random.Random) -> Iterator[tuple[int, float, float]]:
    """Yield which task is held up, from when, until when."""
    at = FIRST
    while at < until:
        begin = at + dice.uniform(0.0, 0.3) * EVERY
        yield dice.randrange(TASKS), begin, begin + dice.lognormvariate(*LASTS)
        at += EVERY
