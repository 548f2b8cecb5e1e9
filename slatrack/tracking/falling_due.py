"""Which journeys the watcher looks at: those whose next instant has come, as far as is known."""

import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from django.db.models import OuterRef, Q, QuerySet, Subquery

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


class Share(NamedTuple):
    """Journeys that are judged by one moment: of a flow that is ahead, or of all that are not.

    `flow` is the row id of the one; None: of all but those in `but`.
    """

    moment: Moment
    flow: int | None
    but: tuple[int, ...]


def shares(moment: Moment, *, overdue: bool) -> Iterator[Share]:
    """Return the flows that are not ahead, and each that is of which something may be due.

    A flow that is ahead is asked for by itself, at the first of its instants: together with the
    others all that is unknown of what lags would be walked over. `overdue`: as in any_due.
    """
    ids = flows_in_force.current().ids
    names = {ids[name]: name for name in moment.ahead.keys() & ids.keys()}
    yield Share(replace(moment, ahead={}), None, tuple(names))
    first = _first(names)
    for flow, name in sorted(names.items()):
        own = moment.of(name)
        upto = max(own.read_to, moment.now - PATIENCE) if overdue else own.read_to
        at = first.get(flow)
        if at is not None and at <= upto:
            yield Share(own, flow, ())


def _first(flows: Collection[int]) -> dict[int, datetime]:
    """Return the first instant of each flow: one step down an index each."""
    if not flows:
        return {}
    instants = models.Journey.objects.filter(flow=OuterRef("pk"), next_at__isnull=False)
    first = Subquery(instants.order_by("flow_id", "next_at").values("next_at")[:1])
    rows = models.Flow.objects.filter(pk__in=flows).annotate(first=first)
    return {flow: at for flow, at in rows.values_list("pk", "first") if at is not None}


def rows(share: Share, *, overdue: bool) -> "QuerySet[models.Journey]":
    """Return what is due of a share, in order.

    What is due later is never walked over: the last instant that counts bounds it for the database.
    """
    moment = share.moment
    late = moment.now - PATIENCE
    condition, last = Q(next_at__lte=moment.read_to), moment.read_to
    if overdue and moment.read_to < late:  # what should be known by now is unknown
        # Less than the longest grace ago it could still be waiting, and be found again at once.
        graced = late - flows_in_force.current().longest_grace
        condition |= Q(next_at__lte=late, due_at__lt=graced, verdict="waiting")
        last = late
    found = models.Journey.objects.filter(condition, next_at__lte=last)
    if share.flow is not None:
        return found.filter(flow=share.flow).order_by("flow_id", "next_at")
    if share.but:
        found = found.exclude(flow__in=share.but)
    return found.order_by("next_at")
