"""History judged again: stored journeys by a deadline that is tried, and by the rule in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from slatrack.domain.flow_documents import read_deadline
from slatrack.domain.flows import DeadlineSpec
from slatrack.domain.glances import Glance
from slatrack.domain.hindsight import Evidence, Hindsight
from slatrack.domain.outlines import Outliner
from slatrack.tracking import children
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking.flows import RuleInForce, in_force
from slatrack.tracking.packing import unpack_parts
from slatrack.tracking.stored_journeys import StoredJourney


class FlowGoneError(ValueError):
    """The flow is switched off or cannot be read."""


class Trial(NamedTuple):
    """A deadline of a flow that is tried, beside the rule in force of some name."""

    flow: str
    document: Mapping[str, Any]
    beside: str


Judged = tuple[Hindsight, Hindsight | None]  # by the deadline tried, and by the rule in force


@dataclass(frozen=True)
class History:
    """How events are judged again."""

    outliner: Outliner
    tried: DeadlineSpec
    versions: Sequence[RuleInForce]
    evidence: Evidence
    default_grace: timedelta

    @classmethod
    def of(cls, trial: Trial, *, now: datetime, watermark: datetime) -> "History":
        """Return how events are judged as of `now`. Raises FlowGoneError, FlowInvalid."""
        flows = flows_in_force.current()
        flow = flows.flows.get(trial.flow)
        if flow is None:
            raise FlowGoneError(f"flow {trial.flow} is not in force")
        tried = read_deadline(trial.document, flow.steps)
        versions = flows.rules[flow.name].get(trial.beside, ())
        return cls(
            Outliner.of(flow, [tried, *(version.spec for version in versions)]),
            tried,
            versions,
            Evidence(now, watermark, flows.calendars),
            flows.default_grace,
        )

    def judge(self, one: StoredJourney) -> Judged | None:
        """Judge an event by both; None if it proves no step of the flow as it is now."""
        parts = unpack_parts(one.parts)
        seen = self.outliner.outline(one.key, parts, children.read(one.children))
        if seen is None:
            return None
        rule = in_force(self.versions, one.started_at)
        before = self._by_version[rule.version].look(seen) if rule else None
        return self._by_tried.look(seen), before

    @cached_property
    def _by_tried(self) -> Glance:
        return self._glance(self.tried)

    @cached_property
    def _by_version(self) -> dict[int, Glance]:
        return {one.version: self._glance(one.spec) for one in self.versions}

    def _glance(self, spec: DeadlineSpec) -> Glance:
        grace = self.default_grace if spec.grace is None else spec.grace
        return Glance(spec, self.evidence, grace)
