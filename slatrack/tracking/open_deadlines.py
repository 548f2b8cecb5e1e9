"""The deadlines of events in flight, as forecasts read them: of all flows, events first."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from django.db.models import CharField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from slatrack.domain.states import Verdict
from slatrack.tracking import hands, kept_deadlines, models, store
from slatrack.tracking.flows import Flows
from slatrack.tracking.kept_deadlines import Kept

MOST = 20_000  # of those in flight, where there are more
AT_ONCE = 2_000  # events whose deadlines are read between two rests
PAUSE = 0.05  # seconds of a rest: that long a core is busy with as many

_OF_EVENT = ("id", "flow_id", "step", "step_at", "started_at", "kept_terms", "kept")
_OF_DEADLINE = ("journey", "name", "version", "started_at", "due_at", "verdict", "reached_at")


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


class _Event(NamedTuple):
    order: int  # by what is due first
    flow: int
    step: str
    step_at: datetime
    begun_at: datetime
    kept: Kept
    cohort: str


def open_deadlines(flows: Flows, *, now: datetime) -> list[OpenDeadline]:
    """Return the deadlines of events in flight, those due next ahead; reached ones too.

    Events that are overdue come last, those due last first: most wait for nothing that a
    forecast could say, but they tell how fast others arrive.
    Not asked flow by flow, lest the database walk all history of a flow; and events first, lest it
    sort all that is in flight. Raises hands.GaveWay where a burst comes meanwhile.
    """
    events, found = _events(flows, now), []
    for journey, name, version, started_at, due_at, verdict, reached_at in _of_deadlines(events):
        if started_at is not None and due_at is not None:
            event = events[journey]
            one = OpenDeadline(
                journey, event.flow, name, version, started_at, due_at, verdict, reached_at,
                event.step, event.step_at, event.begun_at, event.cohort,
            )  # fmt: skip
            found.append((event.order, one))
    return [one for _, one in sorted(found, key=itemgetter(0))[:MOST]]


def _of_deadlines(events: Mapping[UUID, _Event]) -> Iterator[store.Row]:
    """Yield events' deadlines, those that they kept and those that are rows, with a few rests.

    One that is kept at this moment may be missing: of it nothing is to be forecast.
    """
    for row_id, event in events.items():
        for one in kept_deadlines.unpack(*event.kept):
            yield (
                row_id, one.name, one.version, one.started_at, one.due_at, one.verdict.value,
                one.reached_at,
            )  # fmt: skip
    ids = list(events)
    for n in range(0, len(ids), AT_ONCE):
        yield from store.select(models.Deadline, _OF_DEADLINE, ids[n : n + AT_ONCE], by="journey")
        if n + AT_ONCE < len(ids):
            time.sleep(PAUSE)
            hands.give_way()


def _events(flows: Flows, now: datetime) -> dict[UUID, _Event]:
    cohorts = {flows.ids[name]: flow.cohort for name, flow in flows.flows.items() if flow.cohort}
    attributes = sorted(set(cohorts.values()))
    rows = models.Journey.objects.filter(ended_at=None)
    for number, attribute in enumerate(attributes):
        text = Cast(KeyTextTransform(attribute, "attributes"), CharField())
        rows = rows.annotate(**{f"cohort_{number}": text})
    names = [f"cohort_{number}" for number in range(len(attributes))]
    places = {flow: attributes.index(name) for flow, name in cohorts.items()}
    rows = rows.values_list(*_OF_EVENT, *names)
    asked = store.read(rows.filter(due_at__gt=now).order_by("due_at")[:MOST])
    asked += store.read(rows.filter(due_at__lte=now).order_by("-due_at")[: MOST - len(asked)])
    found: dict[UUID, _Event] = {}
    for order, (journey, flow, step, step_at, begun_at, terms, own, *texts) in enumerate(asked):
        cohort = str(texts[places[flow]] or "")[:100] if flow in places else ""
        found[journey] = _Event(order, flow, step, step_at, begun_at, Kept(terms, own), cohort)
    return found
