"""How each flow stands now: the counts on tiles, the flow page and the API."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from slatrack.domain.states import Status, Verdict
from slatrack.tracking.models import Flow, Journey


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
    ids = [flow.pk for flow in known]
    open_now = _in_flight(ids, now)
    judged = _judged(ids, day_began)
    return [
        Standing(flow, **open_now.get(flow.pk, {}), **judged.get(flow.pk, {})) for flow in known
    ]


def _in_flight(flow_ids: list[int], now: datetime) -> dict[int, dict[str, Any]]:
    waiting = Q(verdict__in=[Verdict.WAITING.value, Verdict.UNKNOWN.value])
    rows = (
        Journey.objects.filter(flow_id__in=flow_ids, ended_at=None, status=Status.IN_FLIGHT.value)
        .values("flow_id")
        .annotate(
            in_flight=Count("id"),
            at_risk=Count("id", filter=waiting & Q(warn_at__lte=now, due_at__gt=now)),
            late=Count("id", filter=Q(verdict=Verdict.MISSED.value)),
            next_due_at=Min("due_at", filter=Q(due_at__gt=now)),
        )
    )
    return _by_flow(rows)


def _judged(flow_ids: list[int], day_began: datetime) -> dict[int, dict[str, Any]]:
    today = Q(due_at__gte=day_began) | Q(ended_at__gte=day_began)
    missed = Q(verdict=Verdict.MISSED.value)
    rows = (
        Journey.objects.filter(today, flow_id__in=flow_ids)
        .filter(verdict__in=[Verdict.MISSED.value, Verdict.MET.value])
        .values("flow_id")
        .annotate(missed_today=Count("id", filter=missed), judged_today=Count("id"))
    )
    return _by_flow(rows)


def _by_flow(rows: Iterable[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    return {row["flow_id"]: {n: v for n, v in row.items() if n != "flow_id"} for row in rows}
