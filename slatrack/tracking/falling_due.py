"""Which journeys the watcher looks at: those whose next instant has come, as far as is known."""

import time
from collections import defaultdict
from datetime import datetime

from django.db.models import Q, QuerySet

from slatrack.domain.deadlines import PATIENCE
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking import models
from slatrack.tracking.decisions import Moment

RESTS = 20  # times as long as a look for what is overdue took


class Overdue:
    """When to look again for what should be known by now, while telemetry is behind.

    Such a look walks over all that is unknown already, so it is to take a share of the time.
    """

    again = 0.0

    @classmethod
    def may_look(cls) -> bool:
        """Whether it has rested long enough."""
        return time.monotonic() >= cls.again

    @classmethod
    def took(cls, seconds: float) -> None:
        """Rest for some times as long as the last look took."""
        cls.again = time.monotonic() + RESTS * seconds


def forget() -> None:
    """Look again at once."""
    Overdue.again = 0.0


def rows(moment: Moment, *, overdue: bool) -> "QuerySet[models.Journey]":
    """Return what is due: for flows that are ahead by what feeds them, for others by all.

    What is due later is never walked over: the last instant that counts bounds it for the database.
    """
    late = moment.now - PATIENCE
    if (moment.read_to >= late or not overdue) and not moment.ahead:
        return models.Journey.objects.filter(next_at__lte=moment.read_to)
    flows = flows_in_force.current()
    ahead: dict[datetime, list[int]] = defaultdict(list)
    for name in moment.ahead.keys() & flows.ids.keys():
        ahead[min(moment.now, moment.ahead[name])].append(flows.ids[name])
    graced = late - flows.longest_grace if overdue else None
    condition = _is_due(moment.read_to, late, graced)
    if ahead:
        condition &= ~Q(flow__in=[row_id for ids in ahead.values() for row_id in ids])
    for read_to, ids in ahead.items():
        condition |= Q(flow__in=ids) & _is_due(read_to, late, graced)
    last = max([moment.read_to, *ahead, *([late] if overdue else [])])
    return models.Journey.objects.filter(condition, next_at__lte=last)


def _is_due(read_to: datetime, late: datetime, graced: datetime | None) -> Q:
    condition = Q(next_at__lte=read_to)
    if graced is not None and read_to < late:  # what should be known by now is unknown
        # Less than the longest grace ago it could still be waiting, and be found again at once.
        condition |= Q(next_at__lte=late, due_at__lt=graced, verdict="waiting")
    return condition
