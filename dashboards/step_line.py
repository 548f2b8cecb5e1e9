"""A flow's steps in a row with the events in and between them: what the flow page draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards.queries_legs import Leg
from dashboards.queries_places import NOBODY, Place
from slatrack.domain.flows import Flow


@dataclass(frozen=True, slots=True)
class Stop:
    """One step: who works there now, who waits after it, and what is usual."""

    name: str
    role: str
    after: tuple[str, ...]
    here: Place
    behind: Place  # waiting after this step
    working: Leg | None
    waiting: Leg | None  # the wait before this step
    service: str

    @property
    def hue(self) -> str:
        """Return how late the worst of its events are, as a hue name; empty where all is well."""
        hues = (self.here.hue, self.behind.hue)
        return next((hue for hue in ("missed", "at-risk") if hue in hues), "")


def step_line(
    flow: Flow, places: Mapping[tuple[str, bool], Place], legs: Sequence[Leg]
) -> list[Stop]:
    """Return the steps of `flow` in the order of its document."""
    measured = {(leg.step, leg.waiting): leg for leg in legs}
    stops = []
    for step in flow.steps:
        working = measured.get((step.name, False))
        stop = Stop(
            name=step.name,
            role=step.role.value,
            after=step.after,
            here=places.get((step.name, True), NOBODY),
            behind=places.get((step.name, False), NOBODY),
            working=working,
            waiting=measured.get((step.name, True)),
            service=working.place if working else "",
        )
        stops.append(stop)
    return stops
