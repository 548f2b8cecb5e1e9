"""Which incident an alert joins.

Alerts of one flow and deadline, stuck at one step, have one cause. An event's later alerts stay
with the incident that the event is in, even where it has moved on. A cause that comes back soon
after its incident was resolved opens that incident again.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from slatrack.alerting.changes import State, move, note
from slatrack.alerting.models import Alert, Delivery, Incident
from slatrack.domain.ladder import CALLING, Rung, rank, worse_severity

REOPENS_WITHIN = timedelta(hours=1)

Cause = tuple[int, str, str]  # flow, deadline, step


@dataclass(slots=True)
class Joining:
    """An incident with the alerts that joined it now; `news` is empty unless it was opened."""

    incident: Incident
    alerts: list[Alert] = field(default_factory=list)
    news: str = ""


def join(alerts: Sequence[Alert], *, now: datetime) -> list[Joining]:
    """Give each alert its incident and save the incidents. The alerts themselves stay unsaved."""
    if not alerts:
        return []
    joiner = _Joiner(alerts, now)
    for alert in alerts:
        joiner.place(alert)
    for joining in joiner.joinings.values():
        joining.incident.save()
    return list(joiner.joinings.values())


@dataclass(frozen=True, slots=True)
class Crowd:
    """Alerts that are alike, of `events` events, none or all of them in one live incident.

    `alert`, the most pressing of them, stands for all.
    """

    alert: Alert
    events: int
    first_at: datetime
    last_at: datetime
    due_at: datetime  # of the one due first


def join_crowds(crowds: Sequence[Crowd], *, now: datetime) -> list[Joining]:
    """Give the alert of each crowd the incident that all of them join; save the incidents."""
    if not crowds:
        return []
    joiner = _Joiner([crowd.alert for crowd in crowds], now)
    for crowd in crowds:
        joiner.place(crowd.alert, of=crowd.events)
        if (row := crowd.alert.incident) is not None:
            row.first_at = min(row.first_at, crowd.first_at)
            row.last_at = max(row.last_at, crowd.last_at)
            row.earliest_due_at = min(row.earliest_due_at or crowd.due_at, crowd.due_at)
    for joining in joiner.joinings.values():
        joining.incident.save()
    return list(joiner.joinings.values())


class _Joiner:
    def __init__(self, alerts: Sequence[Alert], now: datetime) -> None:
        self.now = now
        self.joinings: dict[int, Joining] = {}
        self.live: dict[Cause, Incident] = {}
        self.closed: dict[Cause, Incident] = {}
        self.of_event: dict[tuple[UUID, str], Incident] = {}
        self.members: dict[int, set[UUID]] = defaultdict(set)
        self._load(alerts)

    def _load(self, alerts: Sequence[Alert]) -> None:
        journeys = {alert.journey_id for alert in alerts}
        earlier = Alert.objects.filter(journey__in=journeys, incident__isnull=False).order_by("id")
        joined = list(earlier.values_list("journey_id", "deadline", "incident_id"))
        flows = {alert.journey.flow_id for alert in alerts}
        recent = Q(flow__in=flows) & (
            ~Q(state=State.RESOLVED) | Q(resolved_at__gt=self.now - REOPENS_WITHIN)
        )
        wanted = recent | Q(pk__in={incident for _, _, incident in joined})
        rows = Incident.objects.select_for_update(of=("self",), no_key=True).select_related("flow")
        found = {row.pk: row for row in rows.filter(wanted).order_by("id")}
        for row in found.values():
            (self.live if row.live else self.closed)[_cause(row)] = row
        for journey, deadline, incident in joined:
            self.of_event[journey, deadline] = found[incident]
            self.members[incident].add(journey)

    def place(self, alert: Alert, *, of: int = 1) -> None:
        """Give an alert its incident; it stands for `of` events."""
        event = alert.journey_id, alert.deadline
        incident = self.of_event.get(event)
        if alert.rung in CALLING and (incident is None or not incident.live):
            incident = self._incident_for(alert)
        if incident is None:
            return
        self.of_event[event] = incident
        self._absorb(self._joining(incident), alert, of)

    def _incident_for(self, alert: Alert) -> Incident:
        cause = alert.journey.flow_id, alert.deadline, alert.step
        if cause in self.live:
            return self.live[cause]
        closed = self.closed.get(cause)
        if closed is not None and self._is_recent(closed):
            incident, news = self._reopen(closed), Delivery.News.REOPENED
        else:
            incident, news = self._open(alert), Delivery.News.OPENED
        self.live[cause] = incident
        self._joining(incident).news = news
        return incident

    def _is_recent(self, closed: Incident) -> bool:
        return closed.resolved_at is not None and closed.resolved_at > self.now - REOPENS_WITHIN

    def _open(self, alert: Alert) -> Incident:
        incident = Incident.objects.create(
            flow_id=alert.journey.flow_id,
            deadline=alert.deadline,
            step=alert.step,
            severity=alert.severity,
            rung=alert.rung,
            rank=0,
            opened_at=self.now,
            first_at=alert.at,
            last_at=alert.decided_at,
        )
        note(incident, before="", why=f"{alert.journey.key}: {alert.rung}", now=self.now)
        return incident

    def _reopen(self, incident: Incident) -> Incident:
        move(incident, State.OPEN, why="new events of the same cause", now=self.now)
        incident.rank = incident.told_rank = 0
        return incident

    def _joining(self, incident: Incident) -> Joining:
        return self.joinings.setdefault(incident.pk, Joining(incident))

    def _absorb(self, joining: Joining, alert: Alert, events: int) -> None:
        row = alert.incident = joining.incident
        joining.alerts.append(alert)
        row.first_at = min(row.first_at, alert.at)
        row.last_at = max(row.last_at, alert.decided_at)
        if alert.journey_id not in self.members[row.pk]:
            self.members[row.pk].add(alert.journey_id)
            row.events += events
            row.open_events += events  # until they are counted
        worth = rank(Rung(alert.rung), alert.warning)
        if worth > row.rank:
            row.rank, row.rung = worth, alert.rung
        if worth:
            row.severity = worse_severity(row.severity, alert.severity)


def _cause(incident: Incident) -> Cause:
    return incident.flow_id, incident.deadline, incident.step
