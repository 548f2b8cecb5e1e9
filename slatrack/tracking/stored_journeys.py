"""Stored journeys of a flow in order of their start, a page at a time: little memory, no locks."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import connection
from django.db.models import Q

from slatrack.tracking import models

PAGE = 500  # journeys read at once
COLUMNS = ("id", "started_at", "key", "parts", "children")
_FIRST = UUID(int=0)


class StoredJourney(NamedTuple):
    """What is needed to judge an event that is on record."""

    id: UUID
    started_at: datetime
    key: str
    parts: bytes | memoryview
    children: Mapping[str, int] | None


class Stretch(NamedTuple):
    """Events of a flow that started in [since, until), after the one that `last` names."""

    flow: int
    since: datetime
    until: datetime
    last: UUID = _FIRST


def pages(stretch: Stretch) -> Iterator[list[StoredJourney]]:
    """Yield the events, each once. Those that come in meanwhile may be seen or not."""
    while True:
        found = _page(stretch)
        if found:
            yield found
        if len(found) < PAGE:
            return
        stretch = stretch._replace(since=found[-1].started_at, last=found[-1].id)


def some(ids: Collection[UUID]) -> list[StoredJourney]:
    """Return those of some journeys that there are."""
    rows = models.Journey.objects.filter(id__in=ids).values_list(*COLUMNS)
    return [StoredJourney(*row) for row in rows]


def count(stretch: Stretch) -> int:
    """Return how many there are."""
    rows = models.Journey.objects.filter(
        flow=stretch.flow, started_at__gte=stretch.since, started_at__lt=stretch.until
    )
    return rows.count()


def _page(stretch: Stretch) -> list[StoredJourney]:
    if connection.vendor == "postgresql":
        return _by_statement(stretch)
    after = Q(started_at__gt=stretch.since) | Q(started_at=stretch.since, id__gt=stretch.last)
    rows = models.Journey.objects.filter(
        after, flow=stretch.flow, started_at__gte=stretch.since, started_at__lt=stretch.until
    )
    ordered = rows.order_by("started_at", "id").values_list(*COLUMNS)
    return [StoredJourney(*row) for row in ordered[:PAGE]]


def _by_statement(stretch: Stretch) -> list[StoredJourney]:
    """The ORM takes as long to make values of a row as it takes to judge one."""
    statement: Any = (
        f"SELECT {', '.join(COLUMNS)} FROM {models.Journey._meta.db_table} "  # noqa: S608 - the model's
        "WHERE flow_id = %s AND started_at < %s AND (started_at, id) > (%s, %s) "
        "ORDER BY started_at, id LIMIT %s"
    )
    values = (stretch.flow, stretch.until, stretch.since, stretch.last, PAGE)
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, values, binary=True)
        return [StoredJourney(*row) for row in cursor.fetchall()]
