"""Which services spans come from, by which topics, and how long ago the newest came.

That is the evidence for silence, and for what a flow need not wait for (slatrack.tracking.feeds).

Written after a batch has been recorded and outside of its transaction, since no verdict hangs on
it; at most once in a few seconds for each service and process.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError

from slatrack.domain.instants import to_datetime, to_nanoseconds
from slatrack.domain.spans import Span
from slatrack.tracking.models import HeardService, Speaker

logger = logging.getLogger(__name__)

COARSE = 5 * 10**9  # nanoseconds: how far what is stored may be behind
MOST = 10_000  # services; beyond it new names are not kept: a sender may write anything
KEPT = timedelta(days=90)  # after the last span of a service

SPOKE = timedelta(hours=1)  # how far what is stored of a speaker may be behind


class Origin(NamedTuple):
    """From this span of a batch on, until the next origin, spans came by this topic."""

    at: int
    topic: str


_noted: dict[str, int] = {}
_spoke: dict[tuple[str, str], datetime] = {}


def note(spans: Sequence[Span], *, now: datetime, origins: Sequence[Origin] = ()) -> None:
    """Remember whom `spans` came from. Never raises for a database that does not answer."""
    newest: dict[str, int] = {}
    speakers: set[tuple[str, str]] = set()
    for topic, some in _by_topic(spans, origins):
        found = _newest(some)
        newest.update((name, end) for name, end in found.items() if end > newest.get(name, 0))
        if topic:
            speakers.update((name, topic) for name in found)
    get, spoke, since = _noted.get, _spoke.get, now - SPOKE
    news = {name: end for name, end in newest.items() if end > get(name, 0) + COARSE}
    speaking = {one for one in speakers if (at := spoke(one)) is None or at < since}
    try:
        if news:
            _store(news, latest=to_nanoseconds(now))
        if speaking:
            _store_speakers(speaking, now=now)
    except (DatabaseError, InterfaceError):
        logger.warning("it could not be noted which services are alive", exc_info=True)


def _by_topic(
    spans: Sequence[Span], origins: Sequence[Origin]
) -> Iterator[tuple[str, Sequence[Span]]]:
    if not origins:
        yield "", spans
        return
    ends = [*(one.at for one in origins[1:]), len(spans)]
    for (at, topic), end in zip(origins, ends, strict=True):
        yield topic, spans[at:end] if end - at < len(spans) else spans


def _newest(spans: Sequence[Span]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for one in spans:
        if one.end > newest.get(one.service, 0):
            newest[one.service] = one.end
    return newest


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


def _store_speakers(speaking: Collection[tuple[str, str]], *, now: datetime) -> None:
    rows = [Speaker(service=name, topic=topic, last_at=now) for name, topic in sorted(speaking)]
    if Speaker.objects.count() < MOST:  # a table that is full says nothing: slatrack.tracking.feeds
        Speaker.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["service", "topic"],
            update_fields=["last_at"],
        )  # fmt: skip
    if len(_spoke) > MOST:
        _spoke.clear()
    _spoke.update(dict.fromkeys(speaking, now))


def forget() -> None:
    """Forget what this process has noted: the next batch writes it again."""
    _noted.clear()
    _spoke.clear()


def heard_at(services: Collection[str]) -> dict[str, datetime]:
    """Return when the newest span of some services ended; those never heard of are absent."""
    found = HeardService.objects.filter(name__in=services)
    return dict(found.values_list("name", "last_at"))


def expire(*, now: datetime) -> int:
    """Forget services that have been silent for long; return how many."""
    Speaker.objects.filter(last_at__lt=now - KEPT).delete()
    return HeardService.objects.filter(last_at__lt=now - KEPT).delete()[0]
