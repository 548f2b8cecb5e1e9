"""Which alerts some flips stand for: each rung once per event, deadline and rule version."""

from collections.abc import Sequence
from datetime import timedelta

from slatrack.alerting.models import Alert
from slatrack.domain.ladder import BEFORE_DUE, Rung, rung_of
from slatrack.tracking.models import Deadline, UnroutedFlip

LATE = timedelta(seconds=60)  # beyond the grace: then an alert says that it comes late
DEFAULT_SEVERITY = "warning"

Place = tuple[object, str, int, str, int]  # journey, deadline, version, rung, warning


def decide(flips: Sequence[UnroutedFlip]) -> list[Alert]:
    """Return the alerts, unsaved, that the flips call for and that were not decided before."""
    known = _known(flips)
    graces = _graces(flips)
    alerts = []
    for flip in flips:
        alert = alert_of(flip, graces.get((flip.journey_id, flip.deadline), timedelta(0)))
        if alert is not None and _place(alert) not in known and not _is_inhibited(alert, known):
            known.add(_place(alert))
            alerts.append(alert)
    return alerts


def _is_inhibited(alert: Alert, known: set[Place]) -> bool:
    """Whether it would warn of what has been told to have happened."""
    missed = alert.journey_id, alert.deadline, alert.version, Rung.MISSED.value, 0
    return alert.rung in BEFORE_DUE and missed in known


def _known(flips: Sequence[UnroutedFlip]) -> set[Place]:
    rows = Alert.objects.filter(journey__in={flip.journey_id for flip in flips})
    return set(rows.values_list("journey_id", "deadline", "version", "rung", "warning"))


def _graces(flips: Sequence[UnroutedFlip]) -> dict[tuple[object, str], timedelta]:
    """Return the graces of deadlines; of those flips only that may be late: nobody asks others."""
    late = {flip.journey_id for flip in flips if flip.recorded_at - flip.at > LATE}
    if not late:
        return {}
    rows = Deadline.objects.filter(journey__in=late)
    found = rows.values_list("journey_id", "name", "grace_seconds")
    return {(journey, name): timedelta(seconds=grace) for journey, name, grace in found}


def _place(alert: Alert) -> Place:
    return alert.journey_id, alert.deadline, alert.version, alert.rung, alert.warning


def alert_of(flip: UnroutedFlip, grace: timedelta = timedelta()) -> Alert | None:
    """Return the alert that a flip calls for, unsaved, whatever was decided before; or None."""
    found = rung_of(flip.about, flip.before, flip.after)
    if found is None:
        return None
    rung, warning = found
    timed = rung in (Rung.DUE_SOON, Rung.MISSED) and flip.reason != "reached late"
    return Alert(
        journey=flip.journey,
        deadline=flip.deadline,
        version=flip.version,
        rung=rung.value,
        warning=warning,
        severity=flip.severity or DEFAULT_SEVERITY,
        step=flip.step,
        at=flip.at,
        due_at=flip.due_at,
        decided_at=flip.recorded_at,
        late=timed and flip.recorded_at - flip.at > grace + LATE,
        reason=flip.reason,
    )
