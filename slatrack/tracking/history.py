"""History judged again: stored journeys by a deadline that is tried, and by the rule in force."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from slatrack.domain.flow_documents import read_deadline
from slatrack.domain.flows import DeadlineSpec
from slatrack.domain.hindsight import Evidence, Hindsight, look_back
from slatrack.domain.outlines import Outliner
from slatrack.domain.tallies import Tally
from slatrack.tracking import children
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking.backtest_models import Backtest
from slatrack.tracking.flows import RuleInForce, in_force
from slatrack.tracking.packing import unpack_parts
from slatrack.tracking.stored_journeys import StoredJourney

if TYPE_CHECKING:
    from slatrack.domain.deadlines import Seen


class FlowGoneError(ValueError):
    """The flow is switched off or cannot be read."""


@dataclass(frozen=True)
class History:
    """How events are judged again, and what it has come to."""

    outliner: Outliner
    tried: DeadlineSpec
    versions: Sequence[RuleInForce]
    evidence: Evidence
    default_grace: timedelta
    tally: Tally

    @classmethod
    def of(cls, row: Backtest) -> "History":
        """Return where a backtest goes on. Raises FlowGoneError, FlowInvalid."""
        flows = flows_in_force.current()
        flow = flows.flows.get(row.flow.name)
        if flow is None:
            raise FlowGoneError(f"flow {row.flow.name} is not in force")
        tried = read_deadline(row.document, flow.steps)
        versions = flows.rules[flow.name].get(row.name, ())
        return cls(
            Outliner.of(flow, [tried, *(version.spec for version in versions)]),
            tried,
            versions,
            Evidence(row.asked_at, row.watermark, flows.calendars),
            flows.default_grace,
            Tally(row.tally),
        )

    def add(self, several: Iterable[StoredJourney]) -> None:
        """Judge some events; one that proves no step of the flow as it is now is passed over."""
        for one in several:
            seen = self.outliner.outline(
                one.key, unpack_parts(one.parts), children.read(one.children)
            )
            if seen is not None:
                rule = in_force(self.versions, one.started_at)
                before = self._look(seen, rule.spec) if rule else None
                self.tally.add(one.key, one.started_at, self._look(seen, self.tried), before)

    def _look(self, seen: "Seen", spec: DeadlineSpec) -> Hindsight:
        grace = self.default_grace if spec.grace is None else spec.grace
        return look_back(seen, spec, self.evidence, grace)
