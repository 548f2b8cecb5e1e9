"""Which services spans come from, and how long ago the newest came: the evidence for silence.

Written after a batch has been recorded and outside of its transaction, since no verdict hangs on
it; at most once in a few seconds for each service and process.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.db import DatabaseError

from slatrack.domain.instants import to_datetime, to_nanoseconds
from slatrack.domain.spans import Span
from slatrack.tracking.models import HeardService

logger = logging.getLogger(__name__)

COARSE = 5 * 10**9  # nanoseconds: how far what is stored may be behind
MOST = 10_000  # services; beyond it new names are not kept: a sender may write anything
KEPT = timedelta(days=90)  # after the last span of a service

_noted: dict[str, int] = {}


def note(spans: Iterable[Span], *, now: datetime) -> None:
    """Remember whom `spans` came from. Never raises for a database that does not answer."""
    newest: dict[str, int] = {}
    for one in spans:
        if one.end > newest.get(one.service, 0):
            newest[one.service] = one.end
    get = _noted.get
    news = {name: end for name, end in newest.items() if end > get(name, 0) + COARSE}
    if not news:
        return
    try:
        _store(news, latest=to_nanoseconds(now))
    except DatabaseError:
        logger.warning("it could not be noted which services are alive", exc_info=True)


def _store(news: Mapping[str, int], *, latest: int) -> None:
    known = dict(HeardService.objects.filter(name__in=news).values_list("name", "last_at"))
    room = MOST - HeardService.objects.count() if len(known) < len(news) else 0
    rows = []
    for name in sorted(news):  # all writers lock in one order
        at = to_datetime(min(news[name], latest))
        if name not in known and (room := room - 1) < 0:
            continue
        if name not in known or known[name] < at:
            rows.append(HeardService(name=name, last_at=at))
    HeardService.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["name"], update_fields=["last_at"]
    )
    if len(_noted) > MOST:
        _noted.clear()
    _noted.update((name, min(end, latest)) for name, end in news.items())


def forget() -> None:
    """Forget what this process has noted: the next batch writes it again."""
    _noted.clear()


def heard_at(services: Collection[str]) -> dict[str, datetime]:
    """Return when the newest span of some services ended; those never heard of are absent."""
    found = HeardService.objects.filter(name__in=services)
    return dict(found.values_list("name", "last_at"))


def expire(*, now: datetime) -> int:
    """Forget services that have been silent for long; return how many."""
    return HeardService.objects.filter(last_at__lt=now - KEPT).delete()[0]
