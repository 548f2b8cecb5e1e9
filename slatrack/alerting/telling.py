"""What of an incident is told: deliveries, written in the transaction that decided it.

Told are: that an incident opened or opened again, that its worst rung rose, that it goes on after
an acknowledgement or snooze ended, and that it is over. Not told: each further event.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property, partial

from django.db import transaction
from django.db.models import QuerySet

from slatrack.alerting.changes import State
from slatrack.alerting.joining import Joining
from slatrack.alerting.messages import compose
from slatrack.alerting.models import Alert, Channel, Delivery, Incident
from slatrack.alerting.ringing import ring
from slatrack.alerting.routes import Routes
from slatrack.domain.ladder import BEFORE_DUE, CALLING, Rung, rank
from slatrack.domain.states import Status
from slatrack.tracking.models import UnroutedFlip

News = Delivery.News
_LATER = (News.RESUMED, News.RESOLVED)  # decided by the sweep, not by a flip


class Teller:
    """Writes deliveries; call it inside a transaction that has locked the incidents."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    @cached_property
    def routes(self) -> Routes:
        """The routes as they were when the first news was told; most flips are no news."""
        return Routes()

    def tell(self, joinings: Iterable[Joining]) -> None:
        """Tell what the alerts that joined just now made of open incidents."""
        for joining in joinings:
            incident = joining.incident
            calling = [alert for alert in joining.alerts if alert.rung in CALLING]
            if incident.state == State.OPEN and calling and incident.rank > incident.told_rank:
                self.say(incident, joining.news or News.WORSE, most_pressing(calling))

    def say(self, incident: Incident, news: str, alert: Alert) -> None:
        """Write one delivery a channel, and send them once this is committed."""
        incident.tellings += 1
        incident.told_rank = incident.rank
        incident.save(update_fields=["tellings", "told_rank"])
        message = compose(incident, news, alert, now=self.now)
        channels = self.routes.channels_for(incident)
        if news == News.RESOLVED:
            told = set(incident.deliveries.filter(state="sent").values_list("channel", flat=True))
            channels = [channel for channel in channels if channel.pk in told]
        rows = [self._delivery(channel, incident, news, alert) for channel in channels]
        for row in rows:
            row.message = message
        Delivery.objects.bulk_create(rows)
        pending = [row.pk for row in rows if row.state == Delivery.State.PENDING]
        transaction.on_commit(partial(ring, pending), robust=True)

    def _delivery(self, channel: Channel, incident: Incident, news: str, alert: Alert) -> Delivery:
        paused = channel.paused_at is not None
        return Delivery(
            key=new_key(),
            channel=channel,
            incident=incident,
            telling=incident.tellings,
            alert=alert,
            news=news,
            rung=alert.rung,
            state=Delivery.State.FAILED if paused else Delivery.State.PENDING,
            reason=f"channel paused: {channel.paused_reason}"[:500] if paused else "",
            created_at=self.now,
            decided_at=self.now if news in _LATER else alert.decided_at,
            next_attempt_at=self.now,
            expires_at=alert.due_at if alert.rung in BEFORE_DUE else None,
        )


def new_key() -> str:
    """Return a new id for a delivery, the same for all its attempts."""
    return f"msg_{uuid.uuid4().hex}"


def most_pressing(alerts: Sequence[Alert]) -> Alert:
    """Return the alert on the worst rung; of several, the one due first."""
    latest = max(alert.at for alert in alerts)
    return min(alerts, key=lambda a: (-rank(Rung(a.rung), a.warning), a.due_at or latest, a.at))


def pending_warnings() -> QuerySet[Delivery]:
    """Return what is still to be told of deadlines that are not due yet."""
    rungs = [rung.value for rung in BEFORE_DUE]
    return Delivery.objects.filter(state=Delivery.State.PENDING, rung__in=rungs)


def withhold_outdated(flips: Iterable[UnroutedFlip]) -> None:
    """Supersede warnings not sent yet of deadlines decided meanwhile, and of cancelled events."""
    ends = [
        f for f in flips if f.about == UnroutedFlip.About.VERDICT or f.after == Status.CANCELLED
    ]
    decided = {(f.journey_id, f.deadline): f for f in ends}
    pending = pending_warnings().filter(alert__journey__in={journey for journey, _ in decided})
    for row in pending.select_related("alert"):
        if row.alert is None:
            continue
        event = row.alert.journey_id
        end = decided.get((event, row.alert.deadline)) or decided.get((event, ""))
        if end is None:
            continue
        row.state = Delivery.State.SUPERSEDED
        row.reason = f"{end.after} meanwhile"
        row.save(update_fields=["state", "reason"])
