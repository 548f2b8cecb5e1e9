"""Moving an incident to another state: the row and its history together."""

from datetime import datetime
from typing import Any

from slatrack.alerting.models import Delivery, Incident, IncidentChange

State = Incident.State


def lock(incident_id: int) -> Incident:
    """Return the incident, locked until the transaction ends; DoesNotExist if it is gone."""
    rows = Incident.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("flow").get(pk=incident_id)


def move(
    row: Incident,
    after: str,
    *,
    why: str,
    now: datetime,
    by: Any = None,
    until: datetime | None = None,
) -> None:
    """Change the state of a locked incident and record it. `by` None: slatrack itself."""
    before, row.state, row.until = row.state, after, until
    row.resolved_at = now if after == State.RESOLVED else None
    if by is not None:
        row.owner = by
    row.save(update_fields=["state", "until", "resolved_at", "owner"])
    note(row, before=before, why=why, now=now, by=by)


def note(row: Incident, *, before: str, why: str, now: datetime, by: Any = None) -> None:
    """Record a transition of an incident that is saved elsewhere."""
    IncidentChange.objects.create(
        incident=row, at=now, by=by, before=before, after=row.state, until=row.until, why=why[:500]
    )


def withhold(row: Incident, reason: str) -> None:
    """Supersede what was still to be told of an incident."""
    pending = Delivery.objects.filter(incident=row, state=Delivery.State.PENDING)
    pending.update(state=Delivery.State.SUPERSEDED, reason=reason[:500])
