"""All that the page of one journey is made of, read once."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slatrack.alerting import reading as alerts
from slatrack.alerting.models import Alert
from slatrack.domain.flows import Step
from slatrack.domain.parts import journey_id
from slatrack.tracking import flows, reading
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


def look(flow: str, key: str, *, now: datetime) -> JourneyData | None:
    """Return the journey of event `key` in `flow` with all that belongs to it; None if unknown."""
    rows = Journey.objects.select_related("flow").defer("parts")
    row = rows.filter(id=journey_id(flow, key)).prefetch_related("deadlines").first()
    described = reading.journey(flow, key, now=now) if row else None
    if row is None or described is None:
        return None
    shown = (one for one in row.deadlines.all() if one.name == row.deadline)
    return JourneyData(
        row=row,
        described=described,
        spans=_spans(row),
        steps=flows.current().flows[flow].steps,
        deadline=next(shown, None),
        flips=list(row.flips.order_by("-recorded_at", "-id")[:200]),
        alerts=alerts.alerts_of(row.pk),
    )


_unpacked: OrderedDict[tuple[object, ...], list[dict[str, Any]]] = OrderedDict()


def _spans(row: Journey) -> list[dict[str, Any]]:
    """Unpack the spans of a journey, or take them as they were if nothing was added since."""
    key = (row.pk, row.spans, row.changed_at)
    found = _unpacked.get(key)
    if found is None:
        found = reading.journey_spans(row.flow.name, row.key)
        if len(found) <= LARGE:
            _unpacked[key] = found
    while len(_unpacked) > KEPT:
        _unpacked.popitem(last=False)
    return found
