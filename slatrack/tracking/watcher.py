"""The deadline watcher: silence is news too.

One indexed question on the wall clock: whose next instant has come? Two watchers may run: each
takes rows that the other has not locked.
"""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import ClassVar, NamedTuple
from uuid import UUID

from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction

from slatrack import metrics
from slatrack.tracking import falling_due, hands, joining, models, quiet_bulk, quiet_rows, sources
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking.decisions import Moment
from slatrack.tracking.falling_due import Share
from slatrack.tracking.flows import Flows
from slatrack.tracking.journey_rows import (
    Folded,
    load_journeys,
    save_journeys,
    try_fold,
)
from slatrack.tracking.quiet_rows import Due
from slatrack.tracking.recounting import recount_all

logger = logging.getLogger(__name__)

COLUMNS = ("id", "flow_id", "key", "step", "next_at", "silent_at", "judged_by")  # of Due

NAME = "watcher"  # of its Source row, which shows that it is alive
CHUNK = 4_000  # journeys settled in one transaction
WHOLE = 10  # of so many chunks one after the other one is looked for among all that is due
FOLDED = 1_000  # of them at most such as must be folded, which takes longer
PAUSE = 0.05  # seconds between looks when there is nothing to do
BEHIND = 0.25  # seconds, while all telemetry is long behind: some batches of spans
AGAIN = timedelta(minutes=1)  # before a journey that could not be settled is tried again


class Turn(NamedTuple):
    """What one turn of the watcher came to."""

    settled: int
    is_lagging: bool = False  # there is nothing to do that could not wait


class _Onward:
    """Where the next chunk begins while there is more at once: what is due before was taken up.

    Of each share of the flows by itself.
    """

    at: ClassVar[dict[int | None, datetime]] = {}
    chunks: ClassVar[Counter[int | None]] = Counter()

    @classmethod
    def since(cls, flow: int | None) -> datetime:
        """Begin anew at the first chunk and each tenth: what came meanwhile may be due before."""
        cls.chunks[flow] = cls.chunks[flow] + 1 if hands.FULL.is_set() else 0
        since = cls.at.pop(flow, quiet_bulk.EVER)  # until this chunk is done
        return since if cls.chunks[flow] % WHOLE else quiet_bulk.EVER


def run(stop: Event) -> None:
    """Settle what is due until `stop` is set; a database that is away is waited for."""
    away_since: datetime | None = None
    while not stop.is_set():
        try:
            now = datetime.now(UTC)
            settled, is_lagging = turn(now)
            if beat(now=now):
                joining.join_left(now=now)
        except (DatabaseError, InterfaceError):
            hands.FULL.clear()
            away_since = _away(away_since)
            close_old_connections()
            stop.wait(1.0)
            continue
        if away_since is not None:
            seconds = (datetime.now(UTC) - away_since).total_seconds()
            logger.warning("deadlines are evaluated again, after %.0f s", seconds)
            away_since = None
        if settled < FOLDED:
            hands.FULL.clear()
            stop.wait(BEHIND if is_lagging else PAUSE)
        else:
            hands.FULL.set()
    connection.close()


def turn(now: datetime) -> Turn:
    """Settle what is due, if anything is."""
    if hands.FULL.is_set():
        return Turn(settle_due(now=now))
    overdue = falling_due.Overdue.may_look()
    moment = sources.watermarks(now).moment(now, silent=True)
    began = time.monotonic()
    due = any_due(moment, overdue=overdue)
    if overdue:
        falling_due.Overdue.took(time.monotonic() - began)
    return Turn(settle_due(now=now, overdue=overdue) if due else 0, moment.is_lagging)


def _away(since: datetime | None) -> datetime:
    """Tell once that the database is away; return since when. Called where its error is handled."""
    if since is None:
        logger.exception("deadlines are not evaluated: the database does not answer")
    return since or datetime.now(UTC)


def beat(*, now: datetime) -> bool:
    """Leave a sign of life, at most one a second; whether one was due."""
    fresh = now - timedelta(seconds=1)
    alive = models.Source.objects.filter(name=NAME)
    if alive.filter(alive_at__gt=fresh).exists():
        return False
    if not alive.update(alive_at=now):
        models.Source.objects.get_or_create(name=NAME, defaults={"alive_at": now})
    return True


def any_due(moment: Moment, *, overdue: bool = True) -> bool:
    """Whether there is anything to settle: a look that locks nothing, many times a second.

    `overdue`: also what should be known by now while telemetry is behind.
    """
    if models.Recount.objects.exists():
        return True
    # In order, lest PostgreSQL look for the first that is due in the table: `exists` has no order.
    return any(
        falling_due.rows(share, overdue=overdue).values_list("id")[:1]
        for share in falling_due.shares(moment, overdue=overdue)
    )


def settle_due(*, now: datetime, limit: int = CHUNK, overdue: bool = True) -> int:
    """Settle up to `limit` journeys whose next instant has come, and those whose children changed.

    That many of each share of the flows. `overdue` is as in any_due. Returns how many there were.
    Fewer than FOLDED: nothing is left to settle now.
    """
    flows = flows_in_force.current()
    moment = sources.watermarks(now).moment(now, silent=True)
    settled = sum(
        _settle_silent(flows, share, limit, overdue=overdue)
        for share in falling_due.shares(moment, overdue=overdue)
    )
    return settled + recount_all(flows, moment)


@transaction.atomic
def _settle_silent(flows: Flows, share: Share, limit: int, *, overdue: bool) -> int:
    if connection.vendor == "postgresql":
        return _settle_in_bulk(flows, share, limit, overdue=overdue)
    due, moment = _due(share, limit, overdue=overdue), share.moment
    done = _settle_each(due, flows, moment)
    metrics.count_settled(done, oldest=due[0].next_at if due else None, now=moment.now)
    return done


def _settle_in_bulk(flows: Flows, share: Share, limit: int, *, overdue: bool) -> int:
    """Let PostgreSQL settle all that it can by itself; look at the rest one by one."""
    moment, since = share.moment, _Onward.since(share.flow)
    locked = quiet_bulk.lock(flows, share, limit, since=since, overdue=overdue)
    if not locked.number:
        return 0
    left = [*locked.others, *quiet_bulk.settle(locked.quiet, flows, moment)]
    rows = models.Journey.objects.filter(id__in=left).order_by("next_at").values_list(*COLUMNS)
    each = [Due(*row) for row in rows] if left else []
    done = locked.number - len(left) + _settle_each(each, flows, moment)
    metrics.count_settled(done, oldest=locked.oldest, now=moment.now)
    if done == locked.number and locked.newest:
        _Onward.at[share.flow] = locked.newest
    return done


def _settle_each(due: Sequence[Due], flows: Flows, moment: Moment) -> int:
    """Settle locked journeys by their rows, else by folding; return how many were settled now."""
    if not due:
        return 0
    settled = quiet_rows.settle(due, flows, moment)
    rest = [one for one in due if one.id not in settled][:FOLDED]
    _fold(rest, flows, moment)
    return len(settled) + len(rest)


def _fold(due: Sequence[Due], flows: Flows, moment: Moment) -> None:
    """Settle journeys by what their spans say; those that cannot be folded are put off."""
    names = {row_id: name for name, row_id in flows.ids.items()}
    events = {one.id: (names[one.flow], one.key) for one in due if one.flow in names}
    known = load_journeys(events, but_unreadable=True)
    folded: dict[UUID, Folded] = {}
    for row_id, stored in known.items():
        if done := try_fold(row_id, events[row_id], stored.parts, stored, flows, moment):
            folded[row_id] = done
    save_journeys(folded, known, flows, moment, pressing=True)
    _put_off([one.id for one in due if one.id not in folded], moment.now)


def _due(share: Share, limit: int, *, overdue: bool) -> list[Due]:
    """Lock journeys that are due, oldest first; those that another watcher holds are left to it."""
    skip = connection.features.has_select_for_update_skip_locked
    rows = falling_due.rows(share, overdue=overdue).select_for_update(skip_locked=skip)
    return [Due(*row) for row in rows.values_list(*COLUMNS)[:limit]]


def _put_off(journey_ids: Sequence[UUID], now: datetime) -> None:
    """Journeys that cannot be settled now: their flow is switched off or has changed."""
    models.Journey.objects.filter(id__in=journey_ids).update(next_at=now + AGAIN)
