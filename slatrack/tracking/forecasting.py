"""Forecasting: every few seconds all deadlines of events in flight are forecast anew.

It stands beside the way of a span: it reads rows in batches, rests several times as long as it
worked, and one process of several does it at a time, whose watcher has not its hands full. "Now" is
how far the telemetry has been read, so that telemetry that lags makes nobody late.
"""

import logging
import os
import socket
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from threading import Event, get_ident

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from slatrack import metrics
from slatrack.domain.forecasts.history import History
from slatrack.gently import gently
from slatrack.tracking import (
    flows as flows_in_force,
)
from slatrack.tracking import (
    following,
    hands,
    histories,
    models,
    outlooks,
    pacing,
    remembering,
    sources,
)
from slatrack.tracking.expecting import Expected, Seen, expect
from slatrack.tracking.flows import Flows
from slatrack.tracking.open_deadlines import OpenDeadline, open_deadlines

logger = logging.getLogger(__name__)

NAME = "forecaster"  # of its Source row
EVERY = 1.0  # seconds from look to look, at least
SHARE = 10  # it rests so many times what a look computed
RESTS = 5  # and so many times as long as it took, for the database works too
LAGGING = 4  # times as long as else, while all telemetry is long behind: to read it comes first
LEASE = timedelta(seconds=15)  # after which another process takes over
LONGEST = LEASE.total_seconds() * 2 / 3  # seconds that it rests: it is not to be taken for dead


def run(stop: Event) -> None:
    """Forecast until `stop` is set; what fails is logged and tried again: it holds up nobody."""
    me = f"{socket.gethostname()}:{os.getpid()}:{get_ident()}"
    while not stop.is_set():
        began, computed, times = time.monotonic(), time.thread_time(), 1
        try:
            now = datetime.now(UTC)
            if not hands.FULL.is_set() and claim(me, now=now):
                marks = sources.watermarks(now)
                times = LAGGING if marks.moment(now, silent=True).is_lagging else 1
                with gently():
                    look(now=now, marks=marks)
        except hands.GaveWay:
            logger.debug("a forecast gave way to deadlines")
        except Exception:
            logger.exception("Nothing is forecast at this moment")
            close_old_connections()
        took = time.monotonic() - began
        metrics.FORECASTING.observe(took)
        computed = time.thread_time() - computed
        stop.wait(rest(took=times * took, computed=times * computed))
    let_go(me)
    connection.close()


def let_go(me: str) -> None:
    """Let another process forecast at once; where the database is away, once the lease is over."""
    try:
        models.Source.objects.filter(name=NAME, owner=me).delete()
    except (DatabaseError, InterfaceError) as exc:
        logger.warning("others forecast only in %s s: %s", LEASE.total_seconds(), exc)


def rest(*, took: float, computed: float) -> float:
    """Return how many seconds to rest after a look that took so long, and computed for so long."""
    return min(max(EVERY, SHARE * computed, RESTS * took), LONGEST)


def claim(me: str, *, now: datetime) -> bool:
    """Whether it is for `me` to forecast: one of several does, and another once it is silent."""
    row, _ = models.Source.objects.get_or_create(name=NAME, defaults={"owner": me, "alive_at": now})
    if row.owner != me and row.alive_at > now - LEASE:
        return False
    mine = models.Source.objects.filter(name=NAME, owner=row.owner, alive_at=row.alive_at)
    if row.owner == me and row.alive_at > now - LEASE / 3:
        return True
    return bool(mine.update(owner=me, alive_at=now))


def look(*, now: datetime, marks: sources.Watermarks | None = None) -> int:
    """Forecast every open deadline once; return how many could be. Safe to repeat.

    Raises hands.GaveWay where the deadlines of a burst come meanwhile.
    """
    flows = flows_in_force.current()
    marks = marks or sources.watermarks(now)
    if remembering.learn(flows, now=now, read_to=min(now, marks.whole or now)):
        histories.forget()
    found = open_deadlines(flows, now=now)
    known, newest = histories.current(), pacing.Newest(now)
    by_rule: dict[tuple[int, str], list[OpenDeadline]] = defaultdict(list)
    for one in found:
        by_rule[one.flow_id, one.name].append(one)
    expected: list[Expected] = []
    views: list[models.Outlook] = []
    for name, flow_id in flows.ids.items():
        history = known.get(flow_id) or History(())
        seen = Seen(now, histories.read_to(history, now=now, watermark=marks.of(name)))
        for deadline in flows.rules.get(name, {}):
            hands.give_way()
            there = by_rule[flow_id, deadline]
            some, view = _of_rule(flows, name, deadline, history, there, seen, newest)
            expected += some
            views.append(view)
    outlooks.save(views)
    following.follow(expected, found, now=now)
    return len(expected)


def _of_rule(
    flows: Flows, name: str, deadline: str, history: History, there: list[OpenDeadline],
    seen: Seen, newest: pacing.Newest,
) -> tuple[list[Expected], models.Outlook]:  # fmt: skip
    versions = {one.version: one for one in flows.rules[name][deadline]}
    until = versions[max(versions)].spec.until
    present = pacing.pace_of(
        flows.ids[name], deadline, until, history, there, read_to=seen.to, newest=newest
    )
    waits = [one for one in there if one.waits_at(seen.now)]
    expected = [
        found
        for one in waits
        if (rule := versions.get(one.version))
        and (found := expect(one, rule, history, pace=present, read_to=seen.to))
    ]
    view = outlooks.outlook(
        flows.ids[name], deadline, until, history, present, waits, expected, seen
    )
    return expected, view
