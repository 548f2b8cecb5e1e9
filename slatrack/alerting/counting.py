"""Which events of an incident are not over yet."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, Min

from slatrack import live
from slatrack.alerting.models import Alert, Incident
from slatrack.domain.states import Status, Verdict
from slatrack.gently import rests


@dataclass(frozen=True, slots=True)
class Open:
    """How many events are still open, and when the first of them is due."""

    events: int = 0
    earliest_due_at: datetime | None = None


def open_events(incident_ids: Collection[int]) -> dict[int, Open]:
    """Return what is open per incident; an incident of which all is over is not in it.

    An event is over for a deadline once its step was reached or it is done or cancelled; and for
    a failure once it is not failed or lost any more.
    """
    return _late(incident_ids) | _failed(incident_ids)


def recount(incidents: Iterable[Incident]) -> list[Incident]:
    """Bring the counts of open events of locked incidents up to date; return those that changed."""
    rows = list(incidents)
    found = open_events([row.pk for row in rows])
    changed = []
    for row in rows:
        seen = found.get(row.pk, Open())
        if (row.open_events, row.earliest_due_at) != (seen.events, seen.earliest_due_at):
            row.open_events, row.earliest_due_at = seen.events, seen.earliest_due_at
            changed.append(row)
    Incident.objects.bulk_update(changed, ["open_events", "earliest_due_at"], batch_size=200)
    return changed


@transaction.atomic
def recount_stored(incident_ids: Collection[int]) -> None:
    """Bring the counts of some incidents up to date, in a transaction of their own."""
    rows = Incident.objects.select_for_update(of=("self",), no_key=True)
    changed = recount(rows.filter(pk__in=incident_ids).order_by("id"))
    live.announce_alerts([row.pk for row in changed])


def _late(incident_ids: Collection[int]) -> dict[int, Open]:
    rows = (
        Alert.objects.filter(
            rests(),
            incident__in=incident_ids,
            journey__deadlines__name=F("deadline"),
            journey__deadlines__reached_at=None,
            journey__deadlines__verdict__in=[Verdict.WAITING, Verdict.UNKNOWN, Verdict.MISSED],
        )
        .exclude(journey__status__in=[Status.DONE, Status.CANCELLED])
        .values_list("incident")
        .annotate(Count("journey", distinct=True), Min("journey__deadlines__due_at"))
    )
    return {pk: Open(count, due) for pk, count, due in rows.order_by()}


def _failed(incident_ids: Collection[int]) -> dict[int, Open]:
    rows = Alert.objects.filter(
        rests(),
        incident__in=incident_ids,
        deadline="",
        journey__status__in=[Status.FAILED, Status.LOST],
    )
    counted = rows.values_list("incident").annotate(Count("journey", distinct=True))
    return {pk: Open(count) for pk, count in counted.order_by()}
