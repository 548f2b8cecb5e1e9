"""Keyset pages: a cursor names the last row seen, so pages stay right while rows arrive."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from slatrack.domain.instants import rfc3339

MOST = 500  # rows a page


Row = TypeVar("Row", bound=Model)


class BadCursor(ValueError):
    """The cursor was not made here."""

    def __init__(self) -> None:
        super().__init__("the cursor is not one that this list gave: start again without it")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows and where the next ones begin (None: there are no more)."""

    rows: Sequence[Row]
    next_cursor: str | None


def page(
    rows: QuerySet[Row], *, newest: str, cursor: str | None = None, limit: int = 50
) -> Page[Row]:
    """Return a page of `rows`, newest first by the time in field `newest`, then by id.

    BadCursor if `cursor` was not given by an earlier page.
    """
    if cursor:
        at, pk = _decode(cursor, rows.model)
        rows = rows.filter(Q(**{f"{newest}__lt": at}) | Q(**{newest: at, "pk__lt": pk}))
    limit = max(1, min(limit, MOST))
    found = list(rows.order_by(f"-{newest}", "-pk")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return Page(found, _encode(found[-1], newest) if more else None)


def _encode(row: Model, newest: str) -> str:
    text = json.dumps([rfc3339(getattr(row, newest)), str(row.pk)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, model: type[Model]) -> tuple[datetime, Any]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        at, pk = json.loads(text)
        moment = datetime.fromisoformat(at)
        return moment, model._meta.pk.to_python(pk)
    except (binascii.Error, ValueError, TypeError, ValidationError) as error:
        raise BadCursor from error
