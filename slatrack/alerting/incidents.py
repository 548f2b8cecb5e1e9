"""What people do with incidents. Callers check `alerting.act_on_incident` first.

Each returns whether anything changed; doing it twice is harmless. An incident once resolved stays
so, whoever clicks on an old page; only new events of the same cause open it again.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from slatrack import live
from slatrack.alerting.changes import State, lock, move, withhold
from slatrack.alerting.models import Incident

ACK_HOLDS = timedelta(hours=4)  # then, if it is not over, people are told once more


def acknowledge(incident: Incident, *, by: AbstractBaseUser, why: str = "", now: datetime) -> bool:
    """Take an incident on: nobody else is told until it is over or the acknowledgement ends."""

    def act(row: Incident) -> bool:
        if not row.live or (row.state == State.ACKNOWLEDGED and row.owner_id == by.pk):
            return False
        move(row, State.ACKNOWLEDGED, why=why, now=now, by=by, until=now + ACK_HOLDS)
        withhold(row, f"acknowledged by {by.get_username()}")
        return True

    return _locked(incident.pk, act)


def snooze(
    incident: Incident, *, until: datetime, by: AbstractBaseUser, why: str = "", now: datetime
) -> bool:
    """Put an incident off: told again at `until`, if it is not over. ValueError if that is past."""
    if until <= now:
        raise ValueError("until: must lie in the future")

    def act(row: Incident) -> bool:
        if not row.live or (row.state == State.SNOOZED and row.until == until):
            return False
        move(row, State.SNOOZED, why=why, now=now, by=by, until=until)
        withhold(row, f"snoozed by {by.get_username()}")
        return True

    return _locked(incident.pk, act)


def resolve(incident: Incident, *, by: AbstractBaseUser, why: str = "", now: datetime) -> bool:
    """Close an incident, whatever its events do."""

    def act(row: Incident) -> bool:
        if not row.live:
            return False
        move(row, State.RESOLVED, why=why, now=now, by=by)
        withhold(row, f"resolved by {by.get_username()}")
        return True

    return _locked(incident.pk, act)


def acknowledge_all(
    incidents: Iterable[Incident], *, by: AbstractBaseUser, why: str = "", now: datetime
) -> int:
    """Acknowledge each; return how many changed. One that fails does not undo the others."""
    return sum(acknowledge(row, by=by, why=why, now=now) for row in incidents)


def snooze_all(
    incidents: Iterable[Incident],
    *,
    until: datetime,
    by: AbstractBaseUser,
    why: str = "",
    now: datetime,
) -> int:
    """Snooze each; return how many changed."""
    return sum(snooze(row, until=until, by=by, why=why, now=now) for row in incidents)


def resolve_all(
    incidents: Iterable[Incident], *, by: AbstractBaseUser, why: str = "", now: datetime
) -> int:
    """Resolve each; return how many changed."""
    return sum(resolve(row, by=by, why=why, now=now) for row in incidents)


@transaction.atomic
def _locked(incident_id: int, act: Callable[[Incident], bool]) -> bool:
    changed = act(lock(incident_id))
    if changed:
        live.announce_alerts([incident_id])
    return changed
