"""The deadlines of events in flight, as forecasts read them: one query for all flows."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import CharField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from slatrack.domain.states import Verdict
from slatrack.tracking import models
from slatrack.tracking.flows import Flows

MOST = 20_000  # those due first, where there are more

_COLUMNS = (
    *("journey_id", "journey__flow_id", "name", "version", "started_at", "due_at", "verdict"),
    *("reached_at", "journey__step", "journey__step_at", "journey__started_at"),
)


class OpenDeadline(NamedTuple):
    """One deadline of one event in flight, and where the event is."""

    journey_id: UUID
    flow_id: int
    name: str
    version: int
    started_at: datetime
    due_at: datetime
    verdict: str
    reached_at: datetime | None
    step: str
    step_at: datetime
    begun_at: datetime
    cohort: str = ""

    @property
    def place(self) -> tuple[UUID, str, int]:
        """What a forecast of it is found by."""
        return self.journey_id, self.name, self.version

    def waits_at(self, now: datetime) -> bool:
        """Whether it is neither reached nor due."""
        waiting = self.verdict == Verdict.WAITING and self.reached_at is None
        return waiting and self.due_at > now


def open_deadlines(flows: Flows) -> list[OpenDeadline]:
    """Return the deadlines of events in flight, those due first ahead; reached ones too.

    Not asked flow by flow, lest the database walk all history of a flow.
    """
    cohorts = {flows.ids[name]: flow.cohort for name, flow in flows.flows.items() if flow.cohort}
    attributes = sorted(set(cohorts.values()))
    rows = models.Deadline.objects.filter(
        journey__ended_at=None, started_at__isnull=False, due_at__isnull=False
    )
    for number, attribute in enumerate(attributes):
        text = Cast(KeyTextTransform(attribute, "journey__attributes"), CharField())
        rows = rows.annotate(**{f"cohort_{number}": text})
    names = [f"cohort_{number}" for number in range(len(attributes))]
    places = {flow: attributes.index(name) - len(names) for flow, name in cohorts.items()}
    found = []
    for row in rows.order_by("journey__due_at").values_list(*_COLUMNS, *names)[:MOST]:
        one = OpenDeadline(*row[: len(_COLUMNS)])
        place = places.get(one.flow_id)
        found.append(one if place is None else one._replace(cohort=str(row[place] or "")[:100]))
    return found
