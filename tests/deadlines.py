"""Deadlines as tests look at them: all of a journey, whether they are rows or it tells them."""

from types import SimpleNamespace
from typing import Any

from slatrack.tracking import deadline_rows
from slatrack.tracking.models import Journey


def deadlines(name: str | None = None, **which: Any) -> list[Any]:
    """Return the deadlines (of this name) of all journeys, or of those that `which` chooses."""
    journeys = list(Journey.objects.filter(**which).select_related("flow").order_by("key"))
    found = deadline_rows.read([row.pk for row in journeys])
    return [
        SimpleNamespace(journey=row, **one._asdict())
        for row in journeys
        for one in found[row.pk]
        if name in (None, one.name)
    ]


def deadline(name: str | None = None, **which: Any) -> Any:
    """Return the only one."""
    [one] = deadlines(name, **which)
    return one


def values(*fields: str, **which: Any) -> list[tuple[Any, ...]]:
    """Return fields of deadlines, `journey__key` of their journeys."""
    return [tuple(_value(one, name) for name in fields) for one in deadlines(**which)]


def _value(of: Any, field: str) -> Any:
    for name in field.split("__"):
        of = getattr(of, name)
    return of
