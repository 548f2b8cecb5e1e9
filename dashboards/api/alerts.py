"""Alerts and incidents; taking an incident on, putting it off, closing it."""

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from dashboards.api.access import caller, needs
from dashboards.api.problems import Refused
from dashboards.models import Scope
from dashboards.paging import MOST, BadCursor
from slatrack.alerting import incidents as acts
from slatrack.alerting import reading
from slatrack.alerting.models import Alert, Incident
from slatrack.domain.instants import rfc3339

router = Router(tags=["alerts"])
ACT = "alerting.act_on_incident"
Limit = Annotated[int, Query(ge=1, le=MOST)]


class Reason(Schema):
    """Why, for the record."""

    why: str = ""


class Snooze(Reason):
    """Until when nobody is told again."""

    until: datetime


@router.get("/alerts", summary="Alerts, newest first")
@needs("alerting.view_alert")
def alerts(
    request: HttpRequest, flow: str | None = None, cursor: str = "", limit: Limit = 50
) -> dict[str, Any]:
    """List what was decided to be told: one row an event and rung."""
    if cursor and not cursor.isdecimal():
        raise BadCursor
    found = reading.alerts(flow=flow, limit=limit + 1, before=int(cursor) if cursor else None)
    rows = found[:limit]
    more = str(rows[-1].pk) if len(found) > limit else None
    return {"items": [alert_entry(row) for row in rows], "next_cursor": more}


@router.get("/incidents", summary="Incidents, the newest alert first")
@needs("alerting.view_incident")
def incidents(
    request: HttpRequest,
    state: Incident.State | None = None,
    flow: str | None = None,
    cursor: str = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """List incidents: the alerts that have one cause, told as one thing."""
    try:
        found = reading.incidents(
            state.value if state else None, flow, limit=limit, cursor=cursor or None
        )
    except ValueError as error:
        raise BadCursor from error
    return {
        "items": [incident_entry(row) for row in found.incidents],
        "next_cursor": found.cursor,
    }


@router.get("/incidents/{int:incident_id}", summary="One incident")
@needs("alerting.view_incident")
def incident(request: HttpRequest, incident_id: int) -> dict[str, Any]:
    """Return one incident with its first 100 events, the open ones first."""
    events = reading.events(incident_id, limit=100)
    return incident_entry(incident_or_404(incident_id)) | {
        "keys": [{"flow": row.flow.name, "key": row.key} for row in events]
    }


@router.post("/incidents/{int:incident_id}/ack", summary="Take an incident on")
@needs(ACT, Scope.ACT)
def acknowledge(request: HttpRequest, incident_id: int, reason: Reason) -> dict[str, Any]:
    """Acknowledge: the caller owns it. Repeating it changes nothing."""
    row = incident_or_404(incident_id)
    acts.acknowledge(row, by=caller(request), why=reason.why, now=timezone.now())
    return incident_entry(incident_or_404(incident_id))


@router.post("/incidents/{int:incident_id}/snooze", summary="Put an incident off")
@needs(ACT, Scope.ACT)
def snooze(request: HttpRequest, incident_id: int, put_off: Snooze) -> dict[str, Any]:
    """Tell nobody until `until`; then it is told again if it is still live."""
    now = timezone.now()
    if put_off.until.tzinfo is None:
        raise Refused(422, f"until: say the time zone, e.g. {put_off.until.isoformat()}Z")
    if put_off.until <= now:
        raise Refused(422, "until: is in the past")
    row = incident_or_404(incident_id)
    acts.snooze(row, until=put_off.until, by=caller(request), why=put_off.why, now=now)
    return incident_entry(incident_or_404(incident_id))


@router.post("/incidents/{int:incident_id}/resolve", summary="Close an incident")
@needs(ACT, Scope.ACT)
def resolve(request: HttpRequest, incident_id: int, reason: Reason) -> dict[str, Any]:
    """Resolve: it is over. New events of its cause open it again within an hour, then a new one."""
    row = incident_or_404(incident_id)
    acts.resolve(row, by=caller(request), why=reason.why, now=timezone.now())
    return incident_entry(incident_or_404(incident_id))


def incident_or_404(incident_id: int) -> Incident:
    """Return the incident; Http404 that names it."""
    row = reading.incident(incident_id)
    if row is None:
        raise Http404(f"there is no incident {incident_id}")
    return row


def incident_entry(row: Incident) -> dict[str, Any]:
    """Return one incident as the API shows it."""
    return {
        "id": row.pk,
        "flow": row.flow.name,
        "deadline": row.deadline or None,
        "step": row.step or None,
        "state": row.state,
        "severity": row.severity,
        "rung": row.rung,
        "events": row.events,
        "open_events": row.open_events,
        "opened_at": rfc3339(row.opened_at),
        "last_at": rfc3339(row.last_at),
        "earliest_due_at": rfc3339(row.earliest_due_at),
        "owner": row.owner.get_username() if row.owner else None,
        "until": rfc3339(row.until),
        "resolved_at": rfc3339(row.resolved_at),
    }


def alert_entry(row: Alert) -> dict[str, Any]:
    """Return one alert as the API shows it."""
    return {
        "id": row.pk,
        "incident": row.incident_id,
        "flow": row.journey.flow.name,
        "key": row.journey.key,
        "deadline": row.deadline or None,
        "version": row.version,
        "rung": row.rung,
        "severity": row.severity,
        "step": row.step or None,
        "at": rfc3339(row.at),
        "due_at": rfc3339(row.due_at),
        "decided_at": rfc3339(row.decided_at),
        "late": row.late,
        "reason": row.reason,
    }
