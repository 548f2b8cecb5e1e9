"""Telling people of slatrack's own troubles: through every channel, when one begins and ends.

A sweep looks; a trouble is told once a second look has found it still there, so that a restart or
a pause of a moment wakes nobody. Two sweeps at once tell it once.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from slatrack.alerting.messages import compose_trouble
from slatrack.alerting.models import Channel, Delivery, Trouble
from slatrack.alerting.ringing import ring
from slatrack.alerting.symptoms import Symptom, symptoms
from slatrack.alerting.telling import new_key

logger = logging.getLogger(__name__)

News = Delivery.News


def open_troubles() -> QuerySet[Trouble]:
    """Return the troubles of now that were told, the longest first."""
    return Trouble.objects.filter(ended_at=None, told_at__isnull=False).order_by("began_at")


def look(*, now: datetime) -> int:
    """Note what is wrong and what no longer is; return how many troubles were told of."""
    found = {symptom.kind: symptom for symptom in symptoms(now=now)}
    told = sum(_note(symptom, now) for symptom in found.values())
    return told + sum(_end(row.pk, now) for row in _no_longer(found))


def _no_longer(found: Mapping[str, Symptom]) -> QuerySet[Trouble]:
    return Trouble.objects.filter(ended_at=None).exclude(kind__in=list(found))


@transaction.atomic
def _note(symptom: Symptom, now: datetime) -> bool:
    fresh = {"sentence": symptom.sentence, "began_at": now, "seen_at": now}
    Trouble.objects.get_or_create(kind=symptom.kind, ended_at=None, defaults=fresh)
    row = Trouble.objects.select_for_update().get(kind=symptom.kind, ended_at=None)
    if symptom.count > row.count or not symptom.count:
        row.sentence, row.count, row.seen_at = symptom.sentence, symptom.count, now
    tell = row.told_at is None and row.began_at <= now - symptom.holds
    if tell:
        row.told_at = now
        _tell(row, News.TROUBLE, now)
    row.save()
    return tell


@transaction.atomic
def _end(trouble_id: int, now: datetime) -> bool:
    row = Trouble.objects.select_for_update().filter(pk=trouble_id, ended_at=None).first()
    if row is None:
        return False
    if row.told_at is None:
        row.delete()
        return False
    row.ended_at = now
    row.save()
    _tell(row, News.RECOVERED, now)
    return True


def _tell(row: Trouble, news: str, now: datetime) -> None:
    log = logger.error if news == News.TROUBLE else logger.info
    log("slatrack itself, %s: %s", news, row.sentence)
    values: dict[str, Any] = {
        "news": news,
        "message": compose_trouble(row, news, now=now),
        "created_at": now,
        "decided_at": now,
        "next_attempt_at": now,
    }
    channels = Channel.objects.filter(enabled=True, paused_at=None)
    rows = [Delivery(key=new_key(), channel=channel, **values) for channel in channels]
    Delivery.objects.bulk_create(rows)
    transaction.on_commit(partial(ring, [one.pk for one in rows]), robust=True)
