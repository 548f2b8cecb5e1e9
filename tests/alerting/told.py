"""Short words for tests of alerting."""

from datetime import datetime, timedelta
from typing import Any

from slatrack.alerting import routing
from slatrack.alerting.models import Channel, Delivery, Incident
from slatrack.tracking.models import Journey, UnroutedFlip
from tests import factories as make

DUE = make.NOON + make.minutes(15)
NOW = DUE + timedelta(seconds=1)


def event(**fields: Any) -> Journey:
    """Return a journey that waits, with its deadline row."""
    row = make.journey(**fields)
    make.deadline(row)
    return row


def warned(row: Journey, number: int = 1, **fields: Any) -> UnroutedFlip:
    at = fields.pop("at", DUE - make.minutes(8 - number))
    values = {"at": at, "recorded_at": at, **fields}
    return make.flip(row, "warning", str(number - 1), str(number), **values)


def missed(row: Journey, **fields: Any) -> UnroutedFlip:
    """Record that the deadline of an event was missed in silence."""
    row.deadlines.update(verdict="missed")
    return make.flip(row, "verdict", "waiting", "missed", **{"recorded_at": NOW, **fields})


def met(row: Journey, before: str = "missed") -> UnroutedFlip:
    """Record proof that an event was in time after all."""
    row.deadlines.update(verdict="met", reached_at=DUE)
    return make.flip(row, "verdict", before, "met", recorded_at=NOW)


def route(*flips: UnroutedFlip, now: datetime = NOW) -> Incident:
    """Take up flips; return the one live incident."""
    routing.take_up([flip.pk for flip in flips], now=now)
    return Incident.objects.exclude(state="resolved").get()


def channel(name: str = "desk", **fields: Any) -> Channel:
    values = {"kind": "webhook", "config": {"url": "http://127.0.0.1:9/"}, "created_at": make.NOON}
    return Channel.objects.create(name=name, **{**values, **fields})


def told(**fields: Any) -> list[str]:
    """Return what was to be told so far, oldest first, by the kind of news and its rung."""
    rows = Delivery.objects.filter(**fields).order_by("id")
    return [f"{row.news} {row.rung}" for row in rows]
