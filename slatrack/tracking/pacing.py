"""The pace at which the events of a flow arrive at present, read from rows."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Q, QuerySet, Value

from slatrack.domain.forecasts.history import ENOUGH, START, History
from slatrack.domain.forecasts.pace import Pace, Under, pace
from slatrack.tracking import kept_deadlines, models, store
from slatrack.tracking.open_deadlines import OpenDeadline

ARRIVALS = 2_000  # newest arrivals that are looked at
WALKED = 20_000  # newest ended events, of all flows, among which they are looked for first
FEWEST = 40  # arrivals that tell a pace where the walk does not reach back as far as wished
SHORTEST, LONGEST = 15.0, 900.0  # seconds to look back
BEHIND = 120.0  # seconds that a flow's telemetry may be behind without being asked for by itself


OF_ENDED = ("id", "started_at", "ended_at", "kept_terms", "kept")


class _Ended(NamedTuple):
    id: UUID
    started_at: datetime
    ended_at: datetime
    kept_terms: int | None
    kept: bytes | None


class Newest:
    """The events that ended last before `now`, of all flows: one walk for the paces of all."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.begin = now - timedelta(seconds=LONGEST + BEHIND)

    def of(self, flow_id: int, begin: datetime, end: datetime) -> tuple[list[_Ended], datetime]:
        """Return the newest of a flow's that ended in a window, and since when these are all.

        That is later than `begin` where very many have ended. If so few of the flow's have that
        they tell no pace, or all lie after the window, the flow is asked for by itself.
        """
        since = self._since
        found = [one for one in self._by_flow[flow_id] if begin < one.ended_at <= end]
        if since <= begin:
            return found[:ARRIVALS], begin
        if len(found) >= FEWEST:
            return found[:ARRIVALS], since
        # By a sum, lest the database walk all history of the flow.
        own = _ended_in(begin, end).annotate(of=F("flow_id") + Value(0)).filter(of=flow_id)
        return [_Ended(*row) for row in store.read(own.values_list(*OF_ENDED)[:ARRIVALS])], begin

    @cached_property
    def _walked(self) -> list[tuple[int, _Ended]]:
        rows = _ended_in(self.begin, self.now).values_list("flow_id", *OF_ENDED)[:WALKED]
        return [(flow, _Ended(*row)) for flow, *row in store.read(rows)]

    @cached_property
    def _since(self) -> datetime:
        """From when on the walk saw all."""
        return self._walked[-1][1].ended_at if len(self._walked) == WALKED else self.begin

    @cached_property
    def _by_flow(self) -> dict[int, list[_Ended]]:
        found: dict[int, list[_Ended]] = defaultdict(list)
        for flow, one in self._walked:
            found[flow].append(one)
        return found


def pace_of(
    flow_id: int, deadline: str, until: str, history: History, there: Iterable[OpenDeadline],
    *, read_to: datetime, newest: Newest,
) -> Pace:  # fmt: skip
    """Return the pace of arrivals at `until`, `there` being all that is in flight."""
    whole = history.speaks_for_all(START, until)
    if whole.arrivals < ENOUGH:
        return Pace()
    remaining = whole.after(0)
    window = min(LONGEST, max(SHORTEST, 2 * (remaining.within(0, 0.5) or 0)))
    begin = read_to - timedelta(seconds=window)
    ended, begin = newest.of(flow_id, begin, read_to)
    arrived = _arrived(ended, deadline)
    if len(ended) == ARRIVALS:  # as far as these reach back
        begin = ended[-1].ended_at
    if not arrived:  # since when?
        earlier, _ = newest.of(flow_id, read_to - timedelta(seconds=LONGEST), read_to)
        arrived = _arrived(earlier, deadline)[:1]
    window = max(0.1, (read_to - begin).total_seconds())
    return pace(
        [*arrived, *_under_way(there, read_to)], remaining, now=read_to.timestamp(), window=window
    )


def _under_way(there: Iterable[OpenDeadline], read_to: datetime) -> Iterable[Under]:
    for one in there:
        at = one.reached_at.timestamp() if one.reached_at else None
        yield Under(one.begun_at.timestamp(), at)


def _arrived(ended: list[_Ended], deadline: str) -> list[Under]:
    """Return those of some ended events that reached a deadline's step, in their order."""
    started = {one.id: one.started_at for one in ended}
    reached = {
        one.id: of.reached_at
        for one in ended
        for of in kept_deadlines.unpack(one.kept_terms, one.kept)
        if of.name == deadline and of.reached_at is not None
    }
    columns, others = ("journey", "name", "reached_at"), started.keys() - reached.keys()
    reached |= {
        journey: at
        for journey, name, at in store.select(models.Deadline, columns, others, by="journey")
        if name == deadline and at is not None
    }
    return [
        Under(began.timestamp(), reached[journey].timestamp())
        for journey, began in started.items()
        if journey in reached
    ]


def _ended_in(begin: datetime, end: datetime) -> "QuerySet[models.Journey]":
    """Return what ended in a window, newest first; SQLite knows it by `~Q(ended_at=None)`."""
    rows = models.Journey.objects.filter(~Q(ended_at=None), ended_at__gt=begin, ended_at__lte=end)
    return rows.order_by("-ended_at")
