"""How each flow stands now: the counts on tiles, the flow page and the API."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, Value

from dashboards.dear import Dear
from dashboards.queries_under_way import QUARTER, Group, under_way
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
    groups: dict[int, list[Group]] = defaultdict(list)
    for one in under_way(now=now):
        groups[one.flow].append(one)
    ended = _counts.ask(("ended", *asked), lambda: _ended(known, day_began), _judged)
    began = int(day_began.timestamp()) // QUARTER  # days begin on a quarter of an hour everywhere
    return [_standing(flow, groups[flow.pk], ended.get(flow.pk, {}), began) for flow in known]


def _judged(ended: Mapping[int, Mapping[str, Any]]) -> int:
    return sum(one["judged"] for one in ended.values())


def _standing(flow: Flow, there: Sequence[Group], ended: dict[str, Any], began: int) -> Standing:
    in_flight = [one for one in there if one.status == Status.IN_FLIGHT]
    overdue = _total(one for one in there if one.missed and (one.quarter or 0) >= began)
    return Standing(
        flow,
        in_flight=_total(in_flight),
        at_risk=_total(one for one in in_flight if one.waits and (one.warned or one.risky)),
        late=_total(one for one in in_flight if one.missed),
        missed_today=overdue + ended.get("missed", 0),
        judged_today=overdue + ended.get("judged", 0),
        next_due_at=min((one.next_due_at for one in in_flight if one.next_due_at), default=None),
    )


def _total(groups: Iterable[Group]) -> int:
    return sum(one.events for one in groups)


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
