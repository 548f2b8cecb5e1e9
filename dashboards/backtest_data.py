"""Backtests for readers: started from a checked deadline, shown in figures and words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboards.deadline_text import with_deadline
from slatrack.domain.instants import rfc3339
from slatrack.domain.tallies import MISSES, NEVER, OTHER_DAYS, WARNED, WERE, Named, Tally
from slatrack.tracking import backtesting, flows
from slatrack.tracking.models import Backtest, Flow

WITHIN = {
    "1": "the last day",
    "7": "the last 7 days",
    "30": "the last 30 days",
    "90": "the last 90 days",
    "3650": "all that is kept",
}
NOISY_ALERTS = 50  # a day
NOISY_SHARE = 0.8  # of the events warned of that arrived in time anyway


def start(
    flow: Flow,
    entry: Mapping[str, Any],
    *,
    name: str = "",
    since: datetime,
    until: datetime,
    by: Any,
    now: datetime,
) -> Backtest:
    """Have a deadline tried, beside the rule in force of `name`, or else of its own name.

    Raises documents.FlowError with all that is wrong with it, backtesting.TooManyError.
    """
    own = str(entry.get("deadline", "")).strip()
    flows.check(with_deadline(flow.document, name or own or None, entry))
    question = backtesting.Question(flow, {**entry, "deadline": own}, since, until, name or own)
    return backtesting.ask(question, by=by, now=now)


@dataclass(frozen=True)
class Figures:
    """What a backtest has come to so far, in numbers that pages and the API share."""

    row: Backtest
    tally: Tally

    @classmethod
    def of(cls, row: Backtest) -> "Figures":
        """Return the figures of a backtest."""
        return cls(row, backtesting.tally(row))

    @property
    def events(self) -> int:
        """How many events were judged."""
        return self.tally.count()

    @property
    def judged(self) -> int:
        """How many the deadline applies to."""
        return self.events - self.tally.count(tried="not_applicable")

    @property
    def missed(self) -> int:
        """How many it would miss."""
        return self.tally.count(tried=MISSED_OUTCOME)

    @property
    def missed_in_force(self) -> int:
        """How many the rule in force misses."""
        return self.tally.count(was=MISSED_OUTCOME)

    @property
    def compared(self) -> int:
        """How many events a rule in force judged too."""
        return self.events - self.tally.count(was=NEVER)

    @property
    def warnings(self) -> int:
        """How many warnings it would send."""
        return sum(one[WARNED] for one in self.tally.days.values())

    @property
    def alerts(self) -> int:
        """How many alerts: warnings and misses."""
        return self.warnings + sum(one[MISSES] for one in self.tally.days.values())

    @property
    def alerts_in_force(self) -> int:
        """How many the rule in force gives."""
        return sum(one[WERE] for one in self.tally.days.values())

    @property
    def days(self) -> float:
        """The days between the first and the last event's day, both included."""
        return max(1, sum(1 for day, one in self.tally.days.items() if one["events"]))

    @property
    def alerts_a_day(self) -> float:
        """Alerts on an average day that had events."""
        return self.alerts / self.days

    @property
    def needless(self) -> float | None:
        """The share of the events warned of that arrived in time all the same."""
        of = sum(self.tally.warned.values())
        return self.tally.warned["met"] / of if of else None

    @property
    def noisy(self) -> bool:
        """Whether people would learn to look away."""
        return self.alerts_a_day >= NOISY_ALERTS and (self.needless or 0.0) >= NOISY_SHARE

    @property
    def share(self) -> float:
        """How much of the work is done, from 0 to 1."""
        if self.row.state == Backtest.State.FINISHED:
            return 1.0
        return self.row.done / self.row.total if self.row.total else 0.0

    @property
    def took(self) -> timedelta | None:
        """How long it has taken."""
        begun, ended = self.row.begun_at, self.row.finished_at
        return ended - begun if begun and ended else None


MISSED_OUTCOME = "missed"


def data(row: Backtest) -> dict[str, Any]:
    """Return a backtest in the API's shape."""
    found = Figures.of(row)
    return {
        "id": row.pk,
        "url": f"/api/rules/backtests/{row.pk}",
        "flow": row.flow.name,
        "deadline": row.name,
        "document": row.document,
        "since": rfc3339(row.since),
        "until": rfc3339(row.until),
        "state": row.state,
        "problem": row.problem or None,
        "asked_at": rfc3339(row.asked_at),
        "asked_by": row.by.get_username() if row.by else None,
        "begun_at": rfc3339(row.begun_at),
        "finished_at": rfc3339(row.finished_at),
        "events_total": row.total,
        "events_done": row.done,
        "result": _result(found),
    }


def _result(found: Figures) -> dict[str, Any]:
    tally = found.tally
    return {
        "events": found.events,
        **{name: tally.count(tried=name) for name in OUTCOMES},
        "warnings": found.warnings,
        "events_warned": sum(tally.warned.values()),
        "alerts": found.alerts,
        "alerts_in_force": found.alerts_in_force,
        "alerts_a_day": round(found.alerts_a_day, 2),
        "noisy": found.noisy,
        "newly_missed": tally.newly_missed,
        "no_longer_missed": tally.no_longer_missed,
        "changes": [
            {"in_force": None if was == NEVER else was, "tried": now, "events": count}
            for (was, now), count in sorted(tally.changes.items())
        ],
        "reasons": dict(tally.reasons),
        "days": [
            {
                "day": None if day == OTHER_DAYS else day,
                "events": one["events"],
                "misses": one[MISSES],
                "warnings": one[WARNED],
                "alerts_in_force": one[WERE],
            }
            for day, one in sorted(tally.days.items())
        ],
        "histogram": [
            {
                "from_seconds": bar.begin,
                "to_seconds": bar.end,
                "on_time": bar.on_time,
                "late": bar.late,
            }
            for bar in tally.margins.bars()
        ],
        "lists": {name: [_named(one) for one in tally.named(name)] for name in tally.lists},
    }


OUTCOMES = ("met", "missed", "unknown", "waiting", "not_applicable")


def _named(one: Named) -> dict[str, Any]:
    return {
        "key": one.key,
        "started_at": one.started_at,
        "due_at": one.due_at,
        "reached_at": one.reached_at,
        "late_seconds": one.late,
        "in_force": None if one.was == NEVER else one.was,
        "tried": one.outcome,
    }
