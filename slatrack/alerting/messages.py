"""What is told to people: composed once, when it is decided, and sent as it is by every attempt.

The body is documented, with its schema, in docs/alerts.md.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from slatrack.alerting.coming import Coming, coming
from slatrack.alerting.models import Alert, Delivery, Incident, Trouble
from slatrack.alerting.wording import Facts, plain, sentence
from slatrack.domain.instants import rfc3339
from slatrack.domain.ladder import Rung

_BEFORE = {
    Delivery.News.REOPENED: "Again: ",
    Delivery.News.RESUMED: "Still open: ",
}


def compose(incident: Incident, news: str, alert: Alert, *, now: datetime) -> dict[str, Any]:
    """Return the body of a message about an incident, led by its most pressing alert."""
    over = news == Delivery.News.RESOLVED
    ahead = None if over else coming(incident.flow_id, incident.deadline, now=now)
    said = _resolved(incident) if over else _called(news, alert, now)
    if incident.events > 1 and not over:
        said += f" It is one of {incident.events:,} events with this cause."
    if ahead is not None:
        said += f" {ahead.sentence(now=now)}"
    return {
        "type": f"slatrack.incident.{news}",
        "timestamp": rfc3339(now),
        "data": {
            "sentence": said,
            "news": str(news),
            "rung": incident.rung,
            "severity": incident.severity,
            "flow": {"name": incident.flow.name, "title": incident.flow.title},
            "deadline": incident.deadline or None,
            "step": incident.step or None,
            "incident": _incident(incident),
            "coming": _coming(ahead),
            "event": _event(incident, alert),
        },
    }


def compose_test(channel_name: str, *, now: datetime) -> dict[str, Any]:
    """Return the body of a test message."""
    said = f"This is a test of the channel “{plain(channel_name)}”: it can reach you."
    data = {"sentence": said, "news": "test", "rung": None, "severity": "info", "url": base_url()}
    return {"type": "slatrack.test", "timestamp": rfc3339(now), "data": data}


def compose_paused(channel_name: str, reason: str, *, now: datetime) -> dict[str, Any]:
    """Return the body that tells other channels that one was paused."""
    said = f"The channel “{plain(channel_name)}” was paused: {plain(reason)}. Alerts skip it."
    data = {"sentence": said, "news": "paused", "rung": None, "severity": "critical"}
    body = {"type": "slatrack.channel.paused", "timestamp": rfc3339(now)}
    return {**body, "data": {**data, "url": base_url()}}


def compose_trouble(trouble: Trouble, news: str, *, now: datetime) -> dict[str, Any]:
    """Return the body that tells of a trouble of slatrack itself, or of its end."""
    said = trouble.sentence
    if news == Delivery.News.RECOVERED:
        minutes = (now - trouble.began_at).total_seconds() / 60
        said = f"Over after {minutes:,.1f} minutes: {trouble.get_kind_display()}."
    data = {"sentence": said, "news": str(news), "rung": None, "severity": "critical"}
    body = {"type": f"slatrack.{news}", "timestamp": rfc3339(now)}
    trouble_of = {"kind": trouble.kind, "began_at": rfc3339(trouble.began_at)}
    return {**body, "data": {**data, "trouble": trouble_of, "url": _link("health")}}


def base_url() -> str:
    """Return the address that people open, without a slash at its end."""
    own = settings.SLATRACK
    return (own.public_url or f"http://{own.host}:{own.http_port}").rstrip("/")


def prepare_links() -> None:
    """Load the addresses of pages: slow the first time, so not while rows are locked."""
    _link("incident", 0)


def _called(news: str, alert: Alert, now: datetime) -> str:
    journey = alert.journey
    facts = Facts(
        rung=alert.rung,
        key=journey.key,
        deadline=alert.deadline,
        due_at=alert.due_at,
        step=journey.step,
        step_at=journey.step_at,
        working=journey.working,
        reason=alert.reason,
        decided_at=alert.decided_at,
        late=alert.late,
        reached_at=_reached(alert),
    )
    return _BEFORE.get(Delivery.News(news), "") + sentence(facts, now=now)


def _reached(alert: Alert) -> datetime | None:
    """When what a missed deadline waited for was there; asked for only where it was."""
    if alert.rung != Rung.MISSED or alert.reason != "reached late":
        return None
    rows = alert.journey.deadlines.filter(name=alert.deadline)
    return rows.values_list("reached_at", flat=True).first()


def _resolved(incident: Incident) -> str:
    what = f"“{plain(incident.deadline)}”" if incident.deadline else "failed events"
    count = "its event is" if incident.events == 1 else f"all its {incident.events:,} events are"
    place = f" at {plain(incident.step)}" if incident.step else ""
    of = f"incident {incident.number}, {what}{place} of {plain(incident.flow.title)}"
    return f"Over: {of}: {count} settled."


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "number": incident.number,
        "state": incident.state,
        "events": incident.events,
        "open_events": incident.open_events,
        "opened_at": rfc3339(incident.opened_at),
        "earliest_due_at": rfc3339(incident.earliest_due_at),
        "url": _link("incident", incident.pk),
    }


def _coming(ahead: Coming | None) -> dict[str, Any] | None:
    if ahead is None:
        return None
    return {
        "events": ahead.events,
        "first_due_at": rfc3339(ahead.first_due_at),
        "last_due_at": rfc3339(ahead.last_due_at),
        "stopped": ahead.stopped or None,
    }


def _event(incident: Incident, alert: Alert) -> dict[str, Any]:
    return {
        "key": alert.journey.key,
        "rung": alert.rung,
        "at": rfc3339(alert.at),
        "due_at": rfc3339(alert.due_at),
        "step": alert.step or None,
        "late": alert.late,
        "url": _link("journey", incident.flow.name, alert.journey.key),
    }


def _link(page: str, *where: object) -> str:
    """Return the address of a page; of the first page where these pages are not mounted."""
    try:
        return base_url() + reverse(page, args=where)
    except NoReverseMatch:
        return base_url() + "/"
