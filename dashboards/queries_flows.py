"""How each flow stands now: the counts on tiles, the flow page and the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Count, F, Min, Q, Value

from dashboards.dear import Dear
from dashboards.queries_board import at_risk
from slatrack.domain.states import Status, Verdict
from slatrack.gently import rests
from slatrack.tracking.models import Flow, Journey

_counts = Dear()


@dataclass(frozen=True, slots=True)
class Standing:
    """One flow and its counts. `today` is what ended or was missed since the day began."""

    flow: Flow
    in_flight: int = 0
    at_risk: int = 0
    late: int = 0
    missed_today: int = 0
    judged_today: int = 0
    next_due_at: datetime | None = None

    @property
    def on_time(self) -> float | None:
        """The share of today's judged events that were on time; None if none was judged."""
        if not self.judged_today:
            return None
        return 1 - self.missed_today / self.judged_today


def standings(
    *, now: datetime, day_began: datetime, flows: Sequence[Flow] | None = None
) -> list[Standing]:
    """Return how each flow stands, by title, in two queries."""
    known = list(Flow.objects.order_by("title")) if flows is None else list(flows)
    asked = tuple(flow.pk for flow in known), day_began
    on_way = _counts.ask(
        ("on the way", *asked), lambda: _on_way(known, now, day_began), partial(_sum, "in_flight")
    )
    ended = _counts.ask(
        ("ended", *asked), lambda: _ended(known, day_began), partial(_sum, "judged")
    )
    return [_standing(flow, on_way.get(flow.pk, {}), ended.get(flow.pk, {})) for flow in known]


def _sum(name: str, found: Mapping[int, Mapping[str, Any]]) -> int:
    return sum(one[name] for one in found.values())


def _standing(flow: Flow, on_way: dict[str, Any], ended: dict[str, Any]) -> Standing:
    overdue = on_way.get("overdue_today", 0)
    return Standing(
        flow,
        **{name: value for name, value in on_way.items() if name != "overdue_today"},
        missed_today=overdue + ended.get("missed", 0),
        judged_today=overdue + ended.get("judged", 0),
    )


def _on_way(flows: Sequence[Flow], now: datetime, day_began: datetime) -> dict[int, dict[str, Any]]:
    """Count what has not ended, in one walk through the index of what is in flight."""
    there = Q(status=Status.IN_FLIGHT.value)
    waiting = there & Q(verdict__in=[Verdict.WAITING.value, Verdict.UNKNOWN.value])
    missed = Q(verdict=Verdict.MISSED.value)
    rows = _of(flows, Q(ended_at=None)).annotate(
        in_flight=Count("id", filter=there),
        at_risk=Count("id", filter=waiting & (Q(warn_at__lte=now) | at_risk())),
        late=Count("id", filter=there & missed),
        overdue_today=Count("id", filter=missed & Q(due_at__gte=day_began)),
        next_due_at=Min("due_at", filter=there & Q(due_at__gt=now)),
    )
    return {row.pop("of"): row for row in rows}


def _ended(flows: Sequence[Flow], day_began: datetime) -> dict[int, dict[str, Any]]:
    """Count what ended today; `~Q(ended_at=None)` is what SQLite knows its index by."""
    missed, met = Q(verdict=Verdict.MISSED.value), Q(verdict=Verdict.MET.value)
    rows = _of(flows, ~Q(ended_at=None), Q(ended_at__gte=day_began)).annotate(
        missed=Count("id", filter=missed), judged=Count("id", filter=missed | met)
    )
    return {row.pop("of"): row for row in rows}


def _of(flows: Sequence[Flow], *which: Q) -> Any:
    """Return journeys to count by flow: by a sum, lest SQLite walk all history in its order."""
    rows = Journey.objects.filter(*which, rests())
    if len(flows) == 1:
        rows = rows.filter(flow=flows[0])
    return rows.order_by().values(of=F("flow_id") + Value(0))
