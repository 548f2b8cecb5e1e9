"""The benchmark of forecasts: events whose truth is known, forecast as they would have been.

Each second moment of the simulated time all events in flight are forecast with what had been seen
by then, nothing later. What was said at fixed fractions of the allowed time is held against what
came, and calling at risk against two naive ways.
"""

import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from slatrack.bench import sinks, tasks
from slatrack.bench.figures import Bench, Figures, Progress
from slatrack.bench.sinks import ALLOWED, HOUR, Event
from slatrack.domain.forecasts import scores
from slatrack.domain.forecasts.forecast import THRESHOLD, Forecast, forecast, is_at_risk
from slatrack.domain.forecasts.history import START, History, Past
from slatrack.domain.forecasts.pace import Pace, Under, pace
from slatrack.domain.forecasts.scores import Called, Said

ZERO = datetime(2026, 11, 20, tzinfo=UTC)
TICK = 2.0  # seconds
LEARN = 60.0  # seconds
RATE = 0.5  # events a second
LEARNING = 1_000  # events before the score begins
WINDOW = 60.0  # seconds that the pace looks back
DEMANDED = {"sinks": 0.05, "tasks": 0.2, "starts": 0.2}  # of the latter: few holds, much chance
STARTS = 250  # events from each start on, when nothing is known yet: eight minutes
UNITS = {
    "events": "scored, of those open at a quarter of the allowed time",
    "missed": "of them",
    "calibration_error": "mean distance of what was said from what came",
    "demanded": "that the calibration error is below",
    "brier": "mean squared error",
    "brier_of_average": "of always saying the average",
    "microseconds_per_forecast": "CPU µs",
} | {
    f"{way}_{name}": unit
    for way in ("forecast", "fixed", "mean")
    for name, unit in (
        ("precision", "of those called"),
        ("recall", "of those missed"),
        ("lead_seconds", "s before due, median of those called rightly"),
    )
}


class Followed:
    """One event with what was said of it and when it was called at risk."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.said: dict[float, float] = {}
        self.at_risk = False
        self.called: dict[str, float] = {}

    def note(self, made: Forecast, now: float) -> None:
        """Keep what is said now."""
        used = (now - self.event.started) / ALLOWED
        for fraction in scores.FRACTIONS:
            if fraction <= used < fraction + TICK / ALLOWED:
                self.said[fraction] = made.p_miss
        self.at_risk = is_at_risk(made.p_miss, threshold=THRESHOLD, before=self.at_risk)
        if self.at_risk:
            self.called.setdefault("forecast", now)
        if used >= scores.FIXED:
            self.called.setdefault("fixed", now)
        if made.mean_at is not None and made.mean_at > _at(self.event.due):
            self.called.setdefault("mean", now)

    def call(self, way: str) -> Called:
        """Return how one way of calling fared with it."""
        at = self.called.get(way)
        lead = None if at is None else self.event.due - at
        return Called(self.event.missed, lead, ALLOWED)


class World:
    """What is known at one moment of the simulated time, and what is said then."""

    def __init__(self, known: Sequence[Event]) -> None:
        self.ahead = list(reversed(known))
        self.there: dict[int, Followed] = {}
        self.over: list[Followed] = []
        self.past: list[Past] = []
        self.arrived: list[Event] = []
        self.history = History(())
        self.learnt = 0.0
        self.forecasts = 0

    def step(self, now: float) -> None:
        """Go on to `now`: see what happened, learn, forecast."""
        while self.ahead and self.ahead[-1].started <= now:
            event = self.ahead.pop()
            self.there[event.number] = Followed(event)
        for number in [n for n, one in self.there.items() if one.event.reported <= now]:
            one = self.there.pop(number)
            self.over.append(one)
            self.arrived.append(one.event)
            self.past.append(remembered(one.event, now))
        last = max((one.reported for one in self.arrived), default=now)
        begin = min(now - WINDOW, last)
        self.arrived = [one for one in self.arrived if one.reported >= begin]
        if now >= self.learnt + LEARN:
            on_way = [remembered(one.event, now) for one in self.there.values()]
            self.history, self.learnt = History([*self.past[-24_000:], *on_way]), now
        present = self._pace(now)
        for one in self.there.values():
            if one.event.due > now and (made := self._forecast(one.event, now, present)):
                one.note(made, now)

    def _pace(self, now: float) -> Pace:
        whole = self.history.speaks_for_all(START, "reported").after(0)
        under = [Under(one.started, one.reported) for one in self.arrived]
        under += [Under(one.event.started, None) for one in self.there.values()]
        return pace(under, whole, now=now, window=WINDOW)

    def _forecast(self, event: Event, now: float, present: Pace) -> Forecast | None:
        step, since = event.place(now)
        hour = _hour(event.started)
        spoken = self.history.speaks(step, "reported", cohort=event.cohort, hour=hour)
        if spoken is None:
            return None
        self.forecasts += 1
        return forecast(spoken, since=_at(since), due_at=_at(event.due), now=_at(now), pace=present)


def remembered(event: Event, now: float) -> Past:
    """Return what is remembered of an event at `now`, as the recorder's rows would have it."""
    done = (
        ("received", event.received),
        ("enriched", event.enriched),
        ("reported", event.reported),
    )
    ended = event.reported <= now
    steps = tuple((name, at - event.started) for name, at in done if at <= now)
    reached = (("reported", event.reported - event.started),) if ended else ()
    watched = (event.reported if ended else now) - event.started
    return Past(event.started, event.cohort, _hour(event.started), steps, reached, watched, ended)


def _hour(seconds: float) -> int:
    return int(seconds // HOUR) % 24


def _at(seconds: float) -> datetime:
    return ZERO + timedelta(seconds=seconds)


def _add_arguments(group: Any) -> None:
    group.add_argument("--events", type=int, default=8_000, help="that are forecast")
    group.add_argument(
        "--world", choices=["sinks", "tasks", "starts"], default="sinks",
        help="what delays events: a sink that is slow or stopped, each by chance; tasks of a sink "
        "that are held up, many at once; the same from the first event on, again and again",
    )  # fmt: skip


def _run(options: Mapping[str, Any], progress: Progress) -> Figures:
    dice = random.Random(options["seed"])  # noqa: S311 - a load, no secret
    count, world = options["events"], options.get("world", "sinks")
    learning = 0 if world == "starts" else LEARNING
    parts = [min(STARTS, count - n) for n in range(0, count, STARTS)]
    make = sinks.events if world == "sinks" else tasks.events
    lived: list[World] = []
    begun = time.process_time()
    for part in parts if world == "starts" else [LEARNING + count]:
        lived.append(World(list(make(part, rate=RATE, dice=dice))))
        live(lived[-1], progress)
    made = sum(one.forecasts for one in lived)
    cost = (time.process_time() - begun) / max(made, 1) * 1e6
    over = [one for each in lived for one in each.over]
    known = {"demanded": DEMANDED[world], "microseconds_per_forecast": round(cost, 1)}
    return figures(over, learning=learning) | known


def live(world: World, progress: Progress) -> None:
    """Let a world go on until all its events have ended."""
    now = 0.0
    while world.ahead or world.there:
        now += TICK
        world.step(now)
        if now % HOUR == 0:
            progress(f"{len(world.over):,} events have ended")


def figures(over: Sequence[Followed], *, learning: int = LEARNING) -> Figures:
    """Return the figures of some events that have ended, the first `learning` left out."""
    scored = [one for one in over if one.event.number >= learning and (one.said or one.called)]
    said = [Said(p, one.event.missed) for one in scored for p in one.said.values()]
    error = scores.calibration_error(scores.reliability(said))
    found: Figures = {
        "events": len(scored),
        "missed": sum(one.event.missed for one in scored),
        "forecasts": len(said),
        "calibration_error": error,
        "brier": scores.brier(said),
        "brier_of_average": scores.brier_of_rate(said),
    }
    for way in ("forecast", "fixed", "mean"):
        calls = scores.calling(one.call(way) for one in scored)
        found |= {
            f"{way}_called": calls.called,
            f"{way}_precision": calls.precision,
            f"{way}_recall": calls.recall,
            f"{way}_lead_seconds": calls.lead,
        }
    return found


def _wrong(figures: Figures) -> str:
    error = figures["calibration_error"]
    if error is None or error < figures.get("demanded", DEMANDED["sinks"]):
        return ""
    return f"what is forecast lies {error:.3f} from what comes, on average"


BENCH = Bench(
    "forecasts of events whose truth is known, against two naive ways",
    _add_arguments, _run, UNITS, _wrong,
)  # fmt: skip
