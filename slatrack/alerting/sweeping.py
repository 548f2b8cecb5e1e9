"""What is done again and again: what was lost is found, what has come to its end is ended."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Min, Q

from slatrack import live
from slatrack.alerting import troubles
from slatrack.alerting.changes import State, lock, move, withhold
from slatrack.alerting.counting import Open, open_events, recount, recount_stored
from slatrack.alerting.models import Alert, Delivery, Incident
from slatrack.alerting.ringing import ring
from slatrack.alerting.routing import take_up
from slatrack.alerting.telling import News, Teller

logger = logging.getLogger(__name__)

QUIET = timedelta(minutes=5)  # with all events over and none joining: then an incident is over
LARGE = 1_000  # events of an incident: to count what is open of such takes its time
RESTS = 20  # times as long as that took


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep found to do."""

    flips: int
    resumed: int
    resolved: int
    deliveries: int
    troubles: int


def sweep(*, now: datetime) -> Swept:
    """Do whatever is due. Safe to repeat and to run twice at once; one part stops no other."""
    return Swept(
        flips=_tried(partial(take_up, None, now=now)),
        resumed=_tried(partial(resume_incidents, now=now)),
        resolved=_tried(partial(settle_incidents, now=now)),
        deliveries=_tried(partial(ring_due, now=now)),
        troubles=_tried(partial(troubles.look, now=now)),
    )


def _tried(part: Callable[[], int]) -> int:
    try:
        return part()
    except Exception:
        logger.exception("A part of the sweep failed; the next one tries again")
        return 0


def resume_incidents(*, now: datetime) -> int:
    """Open again what was acknowledged or snoozed until now, and tell once if it is not over."""
    ended = Incident.objects.filter(until__lte=now).order_by("id").values_list("id", flat=True)
    return sum(_resume(incident_id, now) for incident_id in list(ended))


@transaction.atomic
def _resume(incident_id: int, now: datetime) -> bool:
    row = lock(incident_id)
    if row.until is None or row.until > now or not row.live:
        return False
    over = "the snooze" if row.state == State.SNOOZED else "the acknowledgement"
    move(row, State.OPEN, why=f"{over} ended", now=now)
    recount([row])
    alert = _leading_alert(row)
    if row.open_events and alert is not None:
        Teller(now).say(row, News.RESUMED, alert)
    live.announce_alerts([row.pk])
    return True


def settle_incidents(*, now: datetime) -> int:
    """Bring counts up to date, and resolve the incidents whose events are all over.

    To count a large one its events are walked over, so it is counted the less often the longer
    that takes; until then its counts may be some time behind.
    """
    began = time.monotonic()
    resting = Q(count_at__gt=now)
    rows = list(Incident.objects.exclude(state=State.RESOLVED).exclude(resting))
    found = open_events([row.pk for row in rows])
    stale, over = [], []
    for row in rows:
        seen = found.get(row.pk)
        if seen is None and row.last_at <= now - QUIET:
            over.append(row.pk)
        elif (seen or Open()) != Open(row.open_events, row.earliest_due_at):
            stale.append(row.pk)
    if stale:
        recount_stored(stale)
    if large := [row.pk for row in rows if row.events > LARGE]:
        rest = timedelta(seconds=RESTS * (time.monotonic() - began))
        for pk in large:  # each by itself: who holds several in no order waits for others forever
            Incident.objects.filter(pk=pk).update(count_at=now + rest)
    return sum(_settle(incident_id, now) for incident_id in over)


@transaction.atomic
def _settle(incident_id: int, now: datetime) -> bool:
    row = lock(incident_id)
    recount([row])
    if not row.live or row.open_events or row.last_at > now - QUIET:
        return False
    alert = _leading_alert(row)
    withhold(row, "it is over")
    move(row, State.RESOLVED, why="all its events are over", now=now)
    if alert is not None:
        Teller(now).say(row, News.RESOLVED, alert)
    live.announce_alerts([row.pk])
    return True


def _leading_alert(row: Incident) -> Alert | None:
    """Return the newest alert on the worst rung, of an event that is still open if there is one."""
    alerts = Alert.objects.filter(incident=row, rung=row.rung)
    alerts = alerts.select_related("journey").defer("journey__parts")
    return alerts.order_by(F("journey__ended_at").asc(nulls_first=True), "-id").first()


def ring_due(*, now: datetime) -> int:
    """Ask for what is due but not under way; one a channel, for its worker goes on by itself."""
    due = Delivery.objects.filter(state=Delivery.State.PENDING, next_attempt_at__lte=now)
    free = due.exclude(leased_until__gte=now)
    held = due.filter(leased_until__gte=now).values("channel")
    firsts = free.exclude(channel__in=held).order_by().values("channel").annotate(first=Min("id"))
    found = [row["first"] for row in firsts]
    ring(found)
    return len(found)
