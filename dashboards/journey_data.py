"""All that the page of one journey is made of, read once."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slatrack.alerting import reading as alerts
from slatrack.alerting.models import Alert, IncidentChange
from slatrack.domain.flows import Step
from slatrack.tracking import deadline_rows, flows, reading
from slatrack.tracking.decisions import Decided
from slatrack.tracking.evidence import Evidence, Known, find
from slatrack.tracking.flip_history import history
from slatrack.tracking.models import Flip, Journey

KEPT = 32  # journeys whose evidence is kept per process
MOST_KEPT = 60_000  # spans in the traces of all that are kept
MOST_FLIPS = 200


@dataclass(frozen=True, slots=True)
class JourneyData:
    """One journey: its row, its description in the API's shape, spans, flips and alerts."""

    row: Journey
    described: dict[str, Any]
    spans: list[dict[str, Any]]
    steps: tuple[Step, ...]  # of the flow, seen or not
    deadline: Decided | None  # the one that its row shows
    flips: list[Flip]  # newest first
    alerts: list[Alert]
    taken_on: list[IncidentChange]  # what people did about them
    evidence: Evidence
    known: Known

    @property
    def total(self) -> int:
        """How many spans it has; `spans` are as many of them as a page can bear."""
        return len(self.evidence.bound)

    def span(self, span_id: str) -> dict[str, Any] | None:
        """Return one of its spans by id (hex), also one that is not among `spans`."""
        if not span_id:
            return None
        shown = (one for one in self.spans if one["span_id"] == span_id)
        return next(shown, None) or self.evidence.one(span_id)

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
    def parts_awaited(self) -> Mapping[str, Any] | None:
        """How its parts stand, where the event itself has arrived and only they are under way."""
        parts: Mapping[str, Any] | None = self.described["children"]
        return parts if self.in_flight and not self.described["gaps"] else None

    @property
    def judged(self) -> Mapping[str, Any] | None:
        """The deadline that its row shows, in the API's shape."""
        named = (d for d in self.described["deadlines"] if d["deadline"] == self.row.deadline)
        return next(named, None)

    @property
    def expected(self) -> Mapping[str, Any] | None:
        """The forecast of that deadline; None where there is none."""
        return self.judged["forecast"] if self.judged else None

    @property
    def expected_at(self) -> datetime | None:
        """When it is expected to arrive, if that can be told."""
        text = self.expected["expected_at"] if self.expected else None
        return datetime.fromisoformat(text) if text else None

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
    told = alerts.alerts_of(row.pk)
    named = (
        one for one in deadline_rows.read([row.pk]).get(row.pk, ()) if one.name == row.deadline
    )
    return JourneyData(
        row=row,
        described=reading.describe(known, evidence, now=now),
        spans=evidence.shown,
        steps=known.journey.way,
        deadline=next(named, None),
        flips=history(row.pk, newest=MOST_FLIPS)[::-1],
        alerts=told,
        taken_on=alerts.taken_on(told) if told else [],
        evidence=evidence,
        known=known,
    )


_kept: OrderedDict[tuple[object, ...], Evidence] = OrderedDict()


def _evidence(known: Known) -> Evidence:
    """Return what is stored of a journey, as it was read before if nothing was added since."""
    row = known.row
    key = (row.pk, row.spans, row.changed_at)
    found = _kept.pop(key, None) or Evidence(known)
    _kept[key] = found
    while len(_kept) > KEPT or sum(len(one.facts) for one in tuple(_kept.values())) > MOST_KEPT:
        _kept.popitem(last=False)
    return found
