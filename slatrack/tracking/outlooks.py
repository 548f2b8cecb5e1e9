"""Who will be late: what is to be expected of all events in flight that wait for one deadline."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from slatrack.domain.forecasts.history import History
from slatrack.domain.forecasts.pace import Pace
from slatrack.tracking.expecting import Expected, Seen
from slatrack.tracking.forecast_models import Outlook
from slatrack.tracking.open_deadlines import OpenDeadline

LIKELY = 0.5
FIELDS = (
    *("until", "at", "read_to", "events", "waiting", "misses", "first_due_at", "last_due_at"),
    *("pace", "observed", "expected", "stopped_at"),
)


def outlook(
    flow_id: int, deadline: str, until: str, history: History, present: Pace,
    waits: Sequence[OpenDeadline], expected: Sequence[Expected], seen: Seen,
) -> Outlook:  # fmt: skip
    """Return the outlook of one deadline, unsaved; while nothing arrives all that wait are late."""
    stopped = present.stopped
    late = [e.open.due_at for e in expected if e.forecast.p_miss >= LIKELY]
    dues = late if stopped is None else [one.due_at for one in waits]
    return Outlook(
        flow_id=flow_id,
        deadline=deadline,
        until=until,
        at=seen.now,
        read_to=seen.to,
        events=history.known(until),
        waiting=len(waits),
        misses=sum(one.forecast.p_miss for one in expected),
        first_due_at=min(dues, default=None),
        last_due_at=max(dues, default=None),
        pace=present.ratio,
        observed=present.observed,
        expected=present.expected,
        stopped_at=None if stopped is None else seen.to - timedelta(seconds=stopped),
    )


@transaction.atomic
def save(views: Sequence[Outlook]) -> None:
    """Replace the outlooks; those of deadlines that are no more go."""
    Outlook.objects.bulk_create(
        views, update_conflicts=True, unique_fields=["flow", "deadline"], update_fields=FIELDS
    )
    kept = {(view.flow_id, view.deadline) for view in views}
    for row_id, *place in Outlook.objects.values_list("id", "flow_id", "deadline"):
        if tuple(place) not in kept:
            Outlook.objects.filter(id=row_id).delete()
