"""What the map of a flow says: its steps and legs with the events there now and the usual times."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboards.board_filter import BoardFilter
from dashboards.queries_leg_times import Measured, Times
from dashboards.queries_places import NOBODY, Place
from dashboards.usual import stuck_after
from slatrack.domain.flows import Flow, Step


@dataclass(frozen=True, slots=True)
class StepNow:
    """One step. `here` are all events seen there last; `missed` is of the last hour."""

    flow: str
    name: str
    role: str
    required: bool
    service: str
    here: Place
    working: int
    missed: int
    retried: int
    times: Times | None
    stuck: bool

    @property
    def hue(self) -> str:
        """Return how its events stand, as a hue name; empty where all is well."""
        return self.here.hue or ("at-risk" if self.stuck else "")

    @property
    def p50(self) -> float | None:
        """Return how many seconds it works at the median; None where it was not seen."""
        return self.times.p50 if self.times else None

    @property
    def p95(self) -> float | None:
        """Return how many seconds it works at p95."""
        return self.times.p95 if self.times else None

    @property
    def icon(self) -> str:
        """Return the icon that goes with the hue."""
        return "failed" if self.here.failed and not self.here.late else self.hue

    @property
    def query(self) -> str:
        """Return the query string of the board with just these events."""
        return BoardFilter(flow=self.flow, step=self.name).query


@dataclass(frozen=True, slots=True)
class LegNow:
    """The way from one step to the next. `waiting` is None where events may go several ways.

    `usual` is how many seconds events usually wait after the step before, whatever way they go;
    `share` is the part of the events of the step before that took it; None where all have to.
    """

    flow: str
    before: str
    after: str
    waiting: Place | None
    times: Times | None
    usual: float | None
    share: float | None
    topic: str
    stuck: bool

    @property
    def hue(self) -> str:
        """Return a hue name where events are stuck; empty elsewhere."""
        if not self.stuck:
            return ""
        return "missed" if self.waiting is not None and self.waiting.late else "at-risk"

    @property
    def p50(self) -> float | None:
        """Return how many seconds events wait at the median; None where none was seen."""
        return self.times.p50 if self.times else None

    @property
    def p95(self) -> float | None:
        """Return how many seconds events wait at p95."""
        return self.times.p95 if self.times else None

    @property
    def query(self) -> str:
        """Return the query string of the board with the events that wait after its first step."""
        return BoardFilter(flow=self.flow, step=self.before, at="waiting").query


@dataclass(frozen=True, slots=True)
class FlowMap:
    """All steps in the order of the flow, and the legs between them."""

    steps: tuple[StepNow, ...]
    legs: tuple[LegNow, ...]
    sample: int  # events that the times are made of

    @property
    def stuck(self) -> tuple[LegNow, ...]:
        """Return the legs on which events are stuck."""
        return tuple(leg for leg in self.legs if leg.stuck)

    def out(self, step: str) -> tuple[LegNow, ...]:
        """Return the legs that begin at `step`."""
        return tuple(leg for leg in self.legs if leg.before == step)


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a flow now; `usual` is how long events usually stay, by place."""

    places: Mapping[tuple[str, bool], Place]
    measured: Measured
    missed: Mapping[str, int]
    usual: Mapping[tuple[str, bool], timedelta]
    now: datetime

    def there(self, step: str, *, working: bool) -> Place:
        """Return the events at work in a step, or waiting after it."""
        return self.places.get((step, working), NOBODY)

    def stuck(self, step: str, *, working: bool) -> bool:
        """Whether somebody is there much longer than usual, by the board's rule."""
        since, usual = self.there(step, working=working).since, self.usual.get((step, working))
        return since is not None and usual is not None and self.now - since > stuck_after(usual)


def flow_map(flow: Flow, known: Known) -> FlowMap:
    """Return the map of `flow` as it is known."""
    legs = tuple(
        _leg(flow, before, step.name, known)
        for step in flow.steps
        for before in dict.fromkeys(step.after)
    )
    told = {leg.before for leg in legs if leg.waiting is not None}
    steps = tuple(_step(flow, step, known, told) for step in flow.steps)
    return FlowMap(steps, legs, known.measured.sample)


def _leg(flow: Flow, before: str, after: str, known: Known) -> LegNow:
    alone = sum(before in step.after for step in flow.steps) == 1
    times, passed = known.measured.waiting.get((before, after)), known.measured.working.get(before)
    share = times.count / passed.count if times and passed and not alone else None
    usual = known.usual.get((before, False))
    return LegNow(
        flow=flow.name,
        before=before,
        after=after,
        waiting=known.there(before, working=False) if alone else None,
        times=times,
        usual=None if usual is None else usual.total_seconds(),
        share=None if share is None else min(share, 1.0),
        topic=known.measured.topics.get((before, after), ""),
        stuck=alone and known.stuck(before, working=False),
    )


def _step(flow: Flow, step: Step, known: Known, told: Collection[str]) -> StepNow:
    """Return a step; `told` are those whose waiting events a leg tells of."""
    working = known.there(step.name, working=True)
    waits = step.name not in told and known.stuck(step.name, working=False)
    return StepNow(
        flow=flow.name,
        name=step.name,
        role=step.role.value,
        required=step.required,
        service=known.measured.services.get(step.name, ""),
        here=_together(working, known.there(step.name, working=False)),
        working=working.count,
        missed=known.missed.get(step.name, 0),
        retried=known.measured.retried.get(step.name, 0),
        times=known.measured.working.get(step.name),
        stuck=waits or known.stuck(step.name, working=True),
    )


def _together(one: Place, other: Place) -> Place:
    since = [at for at in (one.since, other.since) if at is not None]
    return Place(
        one.count + other.count,
        one.late + other.late,
        one.at_risk + other.at_risk,
        one.failed + other.failed,
        min(since, default=None),
    )
