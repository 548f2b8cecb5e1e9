"""Outlines: what a deadline looks at in a journey, and no more of it.

Trying a rule over a million stored journeys asks each for a few steps only. An outline answers what
`deadlines.run` asks exactly as the journey would, at a part of the price of folding it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from slatrack.domain.attempts import StepSeen, step_seen
from slatrack.domain.families import CHILDREN, NO_CHILDREN, Children
from slatrack.domain.flows import DeadlineSpec, Duplicates, Flow
from slatrack.domain.journeys import Journey, fold
from slatrack.domain.parts import Part, Sighting, earliest


class Outline(NamedTuple):
    """The steps of one event that some deadlines count from or wait for. Never cancelled."""

    steps: Mapping[str, StepSeen]
    ingress: StepSeen | None
    start: int
    attributes: Mapping[str, str | int | float | bool]

    @property
    def clock(self) -> "Outline":
        """What the clocks of its deadlines run by."""
        return self

    @property
    def started(self) -> int:
        """As of a journey."""
        return self.ingress.start if self.ingress else self.start

    @property
    def cancelled(self) -> int | None:
        """As of a journey."""
        return None

    def seen(self, step: str) -> StepSeen | None:
        """As of a journey."""
        return self.steps.get(step)

    def proof(self, until: str) -> tuple[int | None, bool]:
        """As of a journey."""
        seen = self.steps.get(until)
        return (seen.reached, seen.proven) if seen else (None, True)


@dataclass(frozen=True)
class Outliner:
    """Makes outlines of events of one flow, or their journeys where an outline would not do.

    Amendments, cancellations, duplicates that are left out and children need the whole fold.
    """

    flow: Flow
    narrow: Flow | None  # only the steps and attributes that are looked at

    @classmethod
    def of(cls, flow: Flow, specs: Sequence[DeadlineSpec]) -> "Outliner":
        """Return what makes outlines for some deadlines of a flow."""
        whole = replace(flow, deadlines=(*flow.deadlines, *specs))
        untils = {spec.until for spec in specs}
        if flow.has_history or flow.duplicates is Duplicates.IGNORE or CHILDREN in untils:
            return cls(whole, None)
        looked_at = untils.union(*(spec.start_steps for spec in specs), flow.ingress)
        steps = tuple(step for step in flow.all_steps if step.name in looked_at)
        return cls(
            whole, replace(whole, steps=steps, implied=(), attributes=(), deadlines=tuple(specs))
        )

    def outline(
        self, key: str, parts: Mapping[bytes, Part], children: Children = NO_CHILDREN
    ) -> Outline | Journey | None:
        """Return what the parts of one event come to; None if they prove no step of the flow."""
        flow = self.narrow
        if flow is None:
            return fold(self.flow, key, parts, children)
        by_step: dict[str, dict[tuple[bytes, bytes], Sighting]] = defaultdict(dict)
        names, known = flow.order, False
        for trace_id, part in parts.items():
            for one in part.sightings:
                if one.step in names:
                    by_step[one.step][trace_id, one.span_id] = one
                elif not known:
                    known = one.step in self.flow.order
        if not by_step and not known:
            return None
        return _outline(flow, parts, by_step)


def _outline(
    flow: Flow,
    parts: Mapping[bytes, Part],
    by_step: Mapping[str, Mapping[tuple[bytes, bytes], Sighting]],
) -> Outline:
    attributes: dict[str, str | int | float | bool] = {}
    if kept := flow.kept:
        found = (one for part in parts.values() for one in part.captured if one[0] in kept)
        attributes = {name: value for name, _, value in earliest(found)}
    steps = {
        step.name: step_seen(step, by_step[step.name].values(), attributes)
        for step in flow.steps
        if step.name in by_step
    }
    entered = [seen for name, seen in steps.items() if name in flow.ingress]
    ingress = min(entered, key=lambda seen: seen.start) if entered else None
    return Outline(steps, ingress, min(part.start for part in parts.values()), attributes)
