"""Work that pages and commands ask for and a worker carries out, with a row that says how far."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from kombu.exceptions import KombuError

from slatrack.celery import app
from slatrack.tracking.discovery_models import Work

logger = logging.getLogger(__name__)

SILENT = timedelta(minutes=5)  # whoever gives no sign for longer is dead
KEPT = 5  # rows of finished work
Clock = Callable[[], datetime]
W = TypeVar("W", bound=Work)


def under_way(model: type[W], *, now: datetime) -> W | None:
    """Return the work of a kind that is waiting or running, unless its worker is dead."""
    rows: Any = model._default_manager
    found: W | None = (
        rows.filter(state__in=(Work.State.WAITING, Work.State.RUNNING), alive_at__gte=now - SILENT)
        .order_by("-id")
        .first()
    )
    return found


def latest(model: type[W], state: str) -> W | None:
    """Return the newest row of a kind in that state."""
    rows: Any = model._default_manager
    found: W | None = rows.filter(state=state).order_by("-id").first()
    return found


def ask(task: str, row: Work) -> None:
    """Hand `row` to a worker once this transaction is committed; a lost one is seen as silent."""
    transaction.on_commit(lambda: _send(task, row.pk), robust=True)


def _send(task: str, row_id: int) -> None:
    try:
        app.send_task(task, [row_id], retry=False)
    except (KombuError, OSError) as exc:
        logger.warning("no worker could be told of %s %d: %s", task, row_id, exc)


@contextmanager
def carrying_out(row: Work, clock: Clock) -> Iterator[None]:
    """Note on `row` that it is under way, then that it is done or why it failed."""
    rows: Any = type(row)._default_manager
    _note(row, Work.State.RUNNING, clock(), problem="")
    try:
        yield
    except Exception as exc:
        logger.exception("%s %s failed", type(row).__name__, row.pk)
        row.problem = f"{type(exc).__name__}: {exc}"[:500]
        _note(row, Work.State.FAILED, clock(), finished_at=clock())
        return
    _note(row, Work.State.DONE, clock(), finished_at=clock())
    old = rows.filter(finished_at__isnull=False).order_by("-id").values_list("id", flat=True)
    rows.filter(id__in=list(old[KEPT:])).delete()


def _note(row: Work, state: str, now: datetime, **fields: Any) -> None:
    for name, value in {"state": state, "alive_at": now, **fields}.items():
        setattr(row, name, value)
    row.save()
