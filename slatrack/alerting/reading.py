"""What pages and the API ask about incidents and alerts. Nothing here writes.

Nothing here checks rights either: callers check `alerting.view_incident` first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Max, Q

from slatrack.alerting.models import Alert, Attempt, Delivery, Incident, IncidentChange
from slatrack.tracking.models import Journey

LIVE = (Incident.State.OPEN, Incident.State.ACKNOWLEDGED, Incident.State.SNOOZED)

MOST_CHANGES = 100  # of incidents, that an event's page tells


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Some incidents, newest alert first; `cursor` fetches the next page, None: that was all."""

    incidents: list[Incident]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an incident's timeline; exactly one of the rows is given."""

    at: datetime
    kind: str  # change, delivery, attempt
    change: IncidentChange | None = None
    delivery: Delivery | None = None
    attempt: Attempt | None = None


def open_count() -> int:
    """Return how many incidents nobody has taken on: the number in the tab title."""
    return Incident.objects.filter(state=Incident.State.OPEN).count()


def counts() -> dict[str, int]:
    """Return how many incidents are in each state; every state is there."""
    found = dict(Incident.objects.order_by().values_list("state").annotate(Count("id")))
    return {state.value: found.get(state.value, 0) for state in Incident.State}


def incidents(
    state: str | None = None, flow: str | None = None, *, limit: int = 50, cursor: str | None = None
) -> IncidentPage:
    """Return incidents in a state (None: any) of a flow (by name; None: any)."""
    rows = Incident.objects.select_related("flow", "owner").order_by("-last_at", "-id")
    if state:
        rows = rows.filter(state=state)
    if flow:
        rows = rows.filter(flow__name=flow)
    if cursor:
        rows = rows.filter(_after(cursor))
    found = list(rows[: limit + 1])
    more = _cursor(found[limit - 1]) if len(found) > limit else None
    return IncidentPage(found[:limit], more)


def incident(incident_id: int) -> Incident | None:
    """Return one incident with its flow and owner."""
    return Incident.objects.select_related("flow", "owner").filter(pk=incident_id).first()


def events(incident_id: int, *, limit: int = 50, offset: int = 0) -> list[Journey]:
    """Return the journeys of an incident, in flight first, then by due time.

    Each carries `newest_alert`, the id of its newest alert in the incident.
    """
    rows = Journey.objects.filter(alerts__incident=incident_id).order_by(
        F("ended_at").asc(nulls_first=True), "due_at", "id"
    )
    ordered = rows.values_list("id").annotate(Max("alerts__id"))  # the big sort: few columns
    newest = dict(ordered[offset : offset + limit])
    found = Journey.objects.select_related("flow").defer("parts").in_bulk(list(newest))
    for pk, row in found.items():
        row.newest_alert = newest[pk]  # type: ignore[attr-defined]
    return [found[pk] for pk in newest]


def timeline(incident_id: int) -> list[Entry]:
    """Return every transition, delivery and attempt of an incident, oldest first."""
    changes = IncidentChange.objects.filter(incident=incident_id).select_related("by")
    deliveries = Delivery.objects.filter(incident=incident_id).select_related("channel")
    attempts = Attempt.objects.filter(delivery__incident=incident_id)
    entries = [Entry(c.at, "change", change=c) for c in changes]
    entries += [Entry(d.created_at, "delivery", delivery=d) for d in deliveries]
    tried = attempts.select_related("delivery__channel")
    entries += [Entry(a.at, "attempt", attempt=a) for a in tried]
    return sorted(entries, key=lambda entry: entry.at)


def alerts_of(journey_id: UUID) -> list[Alert]:
    """Return the alerts of one journey, oldest first, with their incidents."""
    rows = Alert.objects.filter(journey=journey_id).select_related("incident", "incident__owner")
    return list(rows.order_by("id"))


def taken_on(found: Iterable[Alert]) -> list[IncidentChange]:
    """Return what became of the incidents of some alerts since each alert, oldest first.

    That an incident was opened is not among it: that is the alert itself.
    """
    since: dict[int, datetime] = {}
    for alert in found:
        if alert.incident_id is not None:
            at = since.get(alert.incident_id, alert.decided_at)
            since[alert.incident_id] = min(at, alert.decided_at)
    rows = IncidentChange.objects.filter(incident__in=since).exclude(before="")
    changes = rows.select_related("by").order_by("-id")[:MOST_CHANGES]
    return [one for one in reversed(changes) if one.at >= since[one.incident_id]]


def alerts(*, flow: str | None = None, limit: int = 50, before: int | None = None) -> list[Alert]:
    """Return alerts, newest first; `before` is the id of the last one of the page before."""
    rows = Alert.objects.select_related("journey__flow", "incident").defer("journey__parts")
    if flow:
        rows = rows.filter(journey__flow__name=flow)
    if before:
        rows = rows.filter(id__lt=before)
    return list(rows.order_by("-id")[:limit])


def _cursor(row: Incident) -> str:
    return f"{row.last_at.isoformat()}_{row.pk}"


def _after(cursor: str) -> Q:
    """Return what comes after a cursor; ValueError for one that this module did not make."""
    at, _, pk = cursor.partition("_")
    last = datetime.fromisoformat(at)
    if last.tzinfo is None:
        raise ValueError("cursor: no time zone")
    return Q(last_at__lt=last) | Q(last_at=last, pk__lt=int(pk))
