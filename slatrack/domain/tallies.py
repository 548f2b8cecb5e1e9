"""Tallies: what trying a deadline over many events comes to, in bounded room.

Adding events in any chunks gives the same tally; `stored` and `Tally(…)` carry it over a crash.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from heapq import heappush, heappushpop
from typing import Any, NamedTuple

from slatrack.domain.hindsight import Hindsight, Outcome
from slatrack.domain.instants import rfc3339
from slatrack.domain.margins import Margins

MOST_NAMED = 50  # events of each list
MOST_REASONS = 20
MOST_DAYS = 1_000  # attributes may lead due times anywhere
OTHER, OTHER_DAYS = "other reasons", "other days"
NEVER = "no rule in force"  # what an event was by a deadline that did not judge it

WARNED, MISSES, EVENTS, WERE = "warnings", "misses", "events", "alerts_in_force"


class Named(NamedTuple):
    """An event of a list; `late` is its margin in seconds, None without a due time."""

    key: str
    started_at: str
    due_at: str | None
    reached_at: str | None
    late: float | None
    was: str
    outcome: str


class Tally:
    """How a deadline would have gone, beside how the rule in force has."""

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        known = stored or {}
        self.changes: Counter[tuple[str, str]] = Counter(  # (in force, tried) -> events
            {(was, now): count for was, now, count in known.get("changes", [])}
        )
        self.days: dict[str, Counter[str]] = defaultdict(
            Counter, {day: Counter(counts) for day, counts in known.get("days", {}).items()}
        )
        self.margins = Margins(known.get("margins"))
        self.reasons: Counter[str] = Counter(known.get("reasons", {}))
        self.warned: Counter[str] = Counter(known.get("warned", {}))  # events warned of, by outcome
        lists = known.get("lists", {})
        self.lists: dict[str, list[tuple[float, Named]]] = {
            name: [(rank, Named(*one)) for rank, one in lists.get(name, [])]
            for name in ("worst", "warned", "newly_missed", "no_longer_missed")
        }

    def add(
        self, key: str, started_at: datetime, tried: Hindsight, force: Hindsight | None
    ) -> None:
        """Count one event; `force` is how it went by the rule in force, None where none was."""
        outcome = tried.outcome
        was = NEVER if force is None else force.outcome.value
        self.changes[was, outcome.value] += 1
        self._count(_day(started_at), EVENTS)
        if tried.reached_at is not None and tried.margin is not None:
            self.margins.add(tried.margin, late=outcome is Outcome.MISSED)
        if tried.reason and tried.due_at is None:
            self._explain(tried.reason)
        if tried.warned:
            self.warned[outcome.value] += 1
        if tried.warned or outcome is Outcome.MISSED:
            self._count_alerts(tried)
        if force is not None and (force.warned or force.outcome is Outcome.MISSED):
            for day in _alert_days(force):
                self._count(day, WERE)
        self._name(key, started_at, tried, was)

    def _explain(self, reason: str) -> None:
        known = reason in self.reasons or len(self.reasons) < MOST_REASONS
        self.reasons[reason if known else OTHER] += 1

    def _count_alerts(self, tried: Hindsight) -> None:
        for at in tried.warned:
            self._count(_day(at), WARNED)
        if tried.outcome is Outcome.MISSED and tried.due_at is not None:
            self._count(_day(tried.due_at), MISSES)

    def _count(self, day: str, what: str) -> None:
        known = day in self.days or len(self.days) < MOST_DAYS
        self.days[day if known else OTHER_DAYS][what] += 1

    def _name(self, key: str, started_at: datetime, tried: Hindsight, was: str) -> None:
        missed = tried.outcome is Outcome.MISSED
        if not missed and not tried.warned and was != Outcome.MISSED:
            return
        lists = {
            "worst": missed,
            "warned": bool(tried.warned) and not missed,
            "newly_missed": missed and was not in (Outcome.MISSED, NEVER),
            "no_longer_missed": not missed and was == Outcome.MISSED,
        }
        for name, wanted in lists.items():
            if wanted:
                self._keep(name, tried.margin or 0.0, (key, started_at, tried, was))

    def _keep(self, name: str, rank: float, event: tuple[str, datetime, Hindsight, str]) -> None:
        """Keep the worst events of a list; equal ones by key, so that any order gives the same."""
        several = self.lists[name]
        if len(several) >= MOST_NAMED and (rank, event[0]) <= (several[0][0], several[0][1].key):
            return
        key, started_at, tried, was = event
        one = Named(
            key, rfc3339(started_at) or "", rfc3339(tried.due_at), rfc3339(tried.reached_at),
            tried.margin, was, tried.outcome.value,
        )  # fmt: skip
        if len(several) < MOST_NAMED:
            heappush(several, (rank, one))
        else:
            heappushpop(several, (rank, one))

    def stored(self) -> dict[str, Any]:
        """Return the tally as JSON takes it."""
        return {
            "changes": [[was, now, count] for (was, now), count in sorted(self.changes.items())],
            "days": {day: dict(counts) for day, counts in sorted(self.days.items())},
            "margins": self.margins.stored(),
            "reasons": dict(self.reasons.most_common()),
            "warned": dict(self.warned),
            "lists": {
                name: [[rank, list(one)] for rank, one in several]
                for name, several in self.lists.items()
            },
        }

    def named(self, name: str) -> list[Named]:
        """Return the events of a list, the worst first."""
        return [
            one for _, one in sorted(self.lists[name], key=lambda each: (-each[0], each[1].key))
        ]

    def count(self, *, tried: str | None = None, was: str | None = None) -> int:
        """Return how many events came out so by the rule tried, and so by the rule in force."""
        return sum(
            count
            for (before, now), count in self.changes.items()
            if tried in (None, now) and was in (None, before)
        )

    @property
    def newly_missed(self) -> int:
        """Events that the rule tried would miss, and the rule in force does not."""
        both = self.count(tried=Outcome.MISSED, was=Outcome.MISSED)
        return self.count(tried=Outcome.MISSED) - both - self.count(tried=Outcome.MISSED, was=NEVER)

    @property
    def no_longer_missed(self) -> int:
        """Events that the rule in force misses, and the rule tried would not."""
        both = self.count(tried=Outcome.MISSED, was=Outcome.MISSED)
        return self.count(was=Outcome.MISSED) - both


def _alert_days(one: Hindsight) -> list[str]:
    days = [_day(at) for at in one.warned]
    if one.outcome is Outcome.MISSED and one.due_at is not None:
        days.append(_day(one.due_at))
    return days


def _day(at: datetime) -> str:
    return _written((at if at.tzinfo is UTC else at.astimezone(UTC)).toordinal())


@lru_cache(maxsize=MOST_DAYS)
def _written(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()
