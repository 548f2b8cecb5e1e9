"""Backtests: a deadline tried over stored journeys, by workers, a slice at a time.

A slice is a task of some seconds, so that others get their turn, and ends with where the next goes
on. A worker that dies leaves a lease that runs out; whoever comes next goes on from the last note.
One backtest runs at a time; it rests between chunks, because what is live comes first.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from kombu.exceptions import KombuError

from slatrack.celery import app
from slatrack.domain.tallies import Tally
from slatrack.tracking import sources
from slatrack.tracking.backtest_models import Backtest
from slatrack.tracking.history import History, Trial
from slatrack.tracking.models import Flow
from slatrack.tracking.stored_journeys import StoredJourney, Stretch, count, pages

logger = logging.getLogger(__name__)

TASK = "tracking.backtest"
OPEN = (Backtest.State.QUEUED, Backtest.State.RUNNING)
MOST_OPEN = 5  # that wait or run; others are refused
KEPT = 50  # that have ended
SLICE = timedelta(seconds=5)
NOTE_EVERY = timedelta(seconds=1)
LEASE = timedelta(seconds=30)
MOST_LOST = 3  # workers that may die over one
REST, REST_EMBEDDED = 0.1, 1.0  # seconds of rest for each second of work
Clock = Callable[[], datetime]


class TooManyError(ValueError):
    """Enough backtests wait already; says so."""


class Question(NamedTuple):
    """What is tried over which events."""

    flow: Flow
    document: dict[str, Any]
    since: datetime
    until: datetime
    beside: str  # the deadline whose rule in force it is compared with


def ask(question: Question, *, by: Any, now: datetime) -> Backtest:
    """Have a worker try a deadline over history. Raises TooManyError."""
    flow, document, since, until, beside = question
    if Backtest.objects.filter(state__in=OPEN).count() >= MOST_OPEN:
        raise TooManyError(f"{MOST_OPEN} backtests wait or run: stop one, or try again later")
    row = Backtest.objects.create(
        flow=flow,
        name=beside,
        document=document,
        since=since,
        until=min(until, now),
        by=by,
        asked_at=now,
        watermark=sources.watermarks(now).of(flow.name) or now,
    )
    transaction.on_commit(lambda: send(row.pk), robust=True)
    return row


def send(row_id: int) -> None:
    """Hand a backtest to a worker; where none can be told, `tend` does it later."""
    try:
        app.send_task(TASK, [row_id], retry=False)
    except (KombuError, OSError) as exc:
        logger.warning("no worker could be told of backtest %d: %s", row_id, exc)


def stop(row: Backtest, *, now: datetime) -> bool:
    """Stop a backtest, whoever works on it; whether it was open. What it found so far stays."""
    fields = {"state": Backtest.State.STOPPED, "finished_at": now, "lease": None}
    return bool(Backtest.objects.filter(pk=row.pk, state__in=OPEN).update(**fields))


def again(row: Backtest, *, by: Any, now: datetime) -> Backtest:
    """Try the same once more, over the same length of time up to now. Raises TooManyError."""
    length = row.until - row.since
    return ask(Question(row.flow, row.document, now - length, now, row.name), by=by, now=now)


def tally(row: Backtest) -> Tally:
    """Return what it has come to so far."""
    return Tally(row.tally)


def tend(*, now: datetime) -> None:
    """Go on with what a dead worker left, begin what waits, let go of old ones. Run by beat."""
    dead = Backtest.objects.filter(state=Backtest.State.RUNNING, leased_until__lt=now)
    for row in dead.filter(lost__gte=MOST_LOST):
        _end(row, Backtest.State.FAILED, now, f"{row.lost + 1} workers died over it")
    waiting = Backtest.objects.filter(state__in=OPEN).order_by("id").first()
    if waiting and (waiting.leased_until is None or waiting.leased_until < now):
        send(waiting.pk)
    old = Backtest.objects.exclude(state__in=OPEN).order_by("-id").values_list("id", flat=True)
    Backtest.objects.filter(id__in=list(old[KEPT:])).delete()


def carry_on(row_id: int, *, clock: Clock, length: timedelta = SLICE) -> bool:
    """Work on a backtest for some seconds; whether there is more of it to do.

    Nothing happens where another holds it or another one runs. Safe to repeat, and to kill.
    """
    row = _claim(row_id, clock())
    if row is None:
        return False
    try:
        left = _work(row, clock, length)
    except Exception as exc:
        logger.exception("backtest %d failed", row_id)
        _end(row, Backtest.State.FAILED, clock(), f"{type(exc).__name__}: {exc}")
        left = False
    return left


def next_waiting() -> int | None:
    """Return which backtest is to be worked on next."""
    return (
        Backtest.objects.filter(state__in=OPEN).order_by("id").values_list("id", flat=True).first()
    )


@transaction.atomic
def _claim(row_id: int, now: datetime) -> Backtest | None:
    rows = list(Backtest.objects.select_for_update().filter(state__in=OPEN).order_by("id"))
    row = next((one for one in rows if one.pk == row_id), None)
    if row is None or any(one.leased_until and one.leased_until >= now for one in rows):
        return None
    row.lost += row.lease is not None
    row.state, row.lease, row.leased_until = Backtest.State.RUNNING, uuid4(), now + LEASE
    row.begun_at = row.begun_at or now
    row.save(update_fields=["state", "lease", "leased_until", "begun_at", "lost"])
    return row


def _work(row: Backtest, clock: Clock, length: timedelta) -> bool:
    trial = Trial(row.flow.name, row.document, row.name)
    history = History.of(trial, now=row.asked_at, watermark=row.watermark)
    found = tally(row)
    if row.total is None:
        row.total = count(_stretch(row))
    noted = began = clock()
    for page in pages(_stretch(row)):
        busy = time.perf_counter()
        for one in page:
            if judged := history.judge(one):
                found.add(one.key, one.started_at, *judged)
        _passed(row, page)
        now = clock()
        if now - began >= length:
            return _note(row, found, now, leased=False)
        if now - noted >= NOTE_EVERY:
            noted = now
            if not _note(row, found, now):
                return False
        _rest(time.perf_counter() - busy)
    _note(row, found, clock())
    _end(row, Backtest.State.FINISHED, clock())
    return False


def _stretch(row: Backtest) -> Stretch:
    first = Stretch(row.flow_id, row.since, row.until)
    if row.last_start is None or row.last_id is None:
        return first
    return first._replace(since=row.last_start, last=row.last_id)


def _passed(row: Backtest, page: list[StoredJourney]) -> None:
    row.done += len(page)
    row.last_start, row.last_id = page[-1].started_at, page[-1].id


def _note(row: Backtest, found: Tally, now: datetime, *, leased: bool = True) -> bool:
    """Write down how far it is; whether it is still ours to go on with."""
    mine = Backtest.objects.filter(pk=row.pk, lease=row.lease, state=Backtest.State.RUNNING)
    fields: dict[str, Any] = {
        "total": max(row.total or 0, row.done),
        "done": row.done,
        "last_start": row.last_start,
        "last_id": row.last_id,
        "tally": found.stored(),
        "leased_until": now + LEASE if leased else None,
    }
    if not leased:
        fields["lease"] = None
    return bool(mine.update(**fields))


def _end(row: Backtest, state: str, now: datetime, problem: str = "") -> None:
    mine = Backtest.objects.filter(pk=row.pk, lease=row.lease, state__in=OPEN)
    mine.update(state=state, finished_at=now, problem=problem[:500], lease=None, leased_until=None)


def _rest(busy: float) -> None:
    time.sleep(busy * (REST_EMBEDDED if settings.SLATRACK.embedded else REST))
