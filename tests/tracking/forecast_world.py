"""Trades with a deadline of a minute, past and present, for tests of forecasts."""

from datetime import datetime, timedelta

from django.db.models import F

from slatrack.tracking import flows, forecasting, histories, watcher
from slatrack.tracking.models import Journey
from slatrack.tracking.recorder import record
from tests.spans import NOON
from tests.trades import accepted, enriched, received, reported

DOCUMENT = """\
flow: trade-reporting
title: Trade reports
event_key: [trade.id]
cohort: asset.class
steps:
  - {step: received, role: ingress, match: {kind: server, service: gateway}}
  - {step: accepted, match: {kind: producer, topic: trades.accepted}, after: [received]}
  - {step: enriched, match: {service: enricher, kind: consumer}, after: [accepted]}
  - {step: reported, role: sink, match: {service: regulator-sink}, after: [enriched]}
deadlines:
  - deadline: within a minute
    rule: {kind: duration, from: ingress, amount: PT60S}
    until: reported
    severity: critical
"""
PAST = 60  # trades, one every ten seconds
LATER = 1200.0  # seconds after noon: the present of these tests


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def in_force(document: str = DOCUMENT) -> None:
    flows.save(document, now=NOON - timedelta(days=1))


def begin(key: str, start: float, **fields) -> list:
    """A trade that was enriched five seconds after its start, and is on its way to the sink."""
    fields = {"trace": key, **fields}
    return [
        received(key, name=f"{key}-r", at=start, took=0.1, **fields),
        accepted(key, name=f"{key}-a", parent=f"{key}-r", at=start + 0.2, took=0.1, **fields),
        enriched(key, name=f"{key}-e", parent=f"{key}-a", at=start + 4, took=1, **fields),
    ]


def arrive(key: str, when: float, **fields) -> list:
    return [
        reported(
            key, name=f"{key}-s", parent=f"{key}-e", at=when - 0.5, took=0.5, trace=key, **fields
        )
    ]


def remember(count: int = PAST, *, took: float = 20.0, every: float = 10.0, **fields) -> None:
    """Record trades that took about `took` seconds, the last of them half a minute ago."""
    spans = []
    for number in range(count):
        start = LATER - 30 - took * 1.3 - (count - number) * every
        key = f"{fields.get('prefix', 'P')}{number}"
        extra = {"attributes": {"asset.class": fields.get("cohort", "equity")}}
        spans += begin(key, start, **extra)
        spans += arrive(key, start + took * (0.7 + 0.6 * number / count), **extra)
    record(spans, now=at(LATER - 20))
    Journey.objects.filter(ended_at__isnull=False).update(changed_at=F("ended_at"))  # known at once


def look(seconds: float) -> int:
    histories.forget()
    return forecasting.look(now=at(seconds))


def settle(seconds: float) -> None:
    watcher.settle_due(now=at(seconds))
