"""All that the page of one journey is made of, read once."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slatrack.alerting import reading as alerts
from slatrack.alerting.models import Alert
from slatrack.domain.flows import Step
from slatrack.tracking import flows, reading
from slatrack.tracking.evidence import Evidence, Known, find
from slatrack.tracking.models import Deadline, Flip, Journey

KEPT = 32  # journeys whose unpacked spans are kept per process
LARGE = 2_000  # spans beyond which a journey's spans are not kept


@dataclass(frozen=True, slots=True)
class JourneyData:
    """One journey: its row, its description in the API's shape, spans, flips and alerts."""

    row: Journey
    described: dict[str, Any]
    spans: list[dict[str, Any]]
    steps: tuple[Step, ...]  # of the flow, seen or not
    deadline: Deadline | None  # the one that its row shows
    flips: list[Flip]
    alerts: list[Alert]

    def seen(self, step: str) -> dict[str, Any] | None:
        """Return what is known of a step; None if it was not seen."""
        return next((one for one in self.described["steps"] if one["step"] == step), None)

    @property
    def now_at(self) -> dict[str, Any] | None:
        """The step where the event is, or was last seen."""
        return self.seen(self.row.step)

    @property
    def in_flight(self) -> bool:
        """Whether it is still on its way."""
        return self.row.ended_at is None and self.row.status == "in_flight"

    @property
    def passed(self) -> set[str]:
        """The steps that lie before one that was seen, directly or not."""
        after = {step.name: step.after for step in self.steps}
        queue = [name for one in self.described["steps"] for name in after.get(one["step"], ())]
        found: set[str] = set()
        while queue:
            name = queue.pop()
            if name not in found:
                found.add(name)
                queue += after.get(name, ())
        return found


def look(flow: str, key: str, *, now: datetime) -> JourneyData | None:
    """Return the journey of event `key` in `flow` with all that belongs to it; None if unknown."""
    known = find(flow, key, flows.current())
    if known is None:
        return None
    evidence, row = _evidence(known), known.row
    shown = row.deadlines.filter(name=row.deadline).first()
    return JourneyData(
        row=row,
        described=reading.describe(known, evidence, now=now),
        spans=evidence.spans,
        steps=known.journey.way,
        deadline=shown,
        flips=list(row.flips.order_by("-recorded_at", "-id")[:200]),
        alerts=alerts.alerts_of(row.pk),
    )


_kept: OrderedDict[tuple[object, ...], Evidence] = OrderedDict()


def _evidence(known: Known) -> Evidence:
    """Return what is stored of a journey, as it was read before if nothing was added since."""
    row = known.row
    key = (row.pk, row.spans, row.changed_at)
    found = _kept.pop(key, None) or Evidence(known)
    if len(found.facts) <= LARGE:
        _kept[key] = found
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return found
