"""Flows: the list, and one flow with its counts, steps and charts."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboards import ranges, sentences
from dashboards.charts.distribution import distribution
from dashboards.charts.legs import leg_times
from dashboards.charts.over_time import over_time
from dashboards.days import day_began
from dashboards.drift_words import standing_drift
from dashboards.flow_map_picture import drawn, look
from dashboards.queries_feeds import reaches
from dashboards.queries_flows import standings
from dashboards.queries_legs import legs
from dashboards.queries_spread import spread
from slatrack.domain.flows import Flow as FlowAsRead
from slatrack.tracking.models import Flow, RuleVersion
from slatrack.tracking.rule_versions import Held, standing


@require_safe
@permission_required("tracking.view_flow", raise_exception=True)
def flow_list(request: HttpRequest) -> HttpResponse:
    """Every flow and how it stands."""
    now = timezone.now()
    found = standings(now=now, day_began=day_began(now))
    in_force = _standing([one.flow for one in found], now)
    rows = [(one, in_force.get(one.flow.pk, [])) for one in found]
    return render(request, "dashboards/flows.html", {"rows": rows})


@require_safe
@permission_required("tracking.view_flow", raise_exception=True)
def flow_page(request: HttpRequest, flow: str) -> HttpResponse:
    """One flow: counts, the map of where its events are, how long they take."""
    row = get_object_or_404(Flow, name=flow)
    now = timezone.now()
    chosen = ranges.chosen(request.GET.get("range"))
    found = look(row, now=now)
    context = {
        "flow": row,
        "now": found,
        "drawn": drawn(found),
        "ranges": ranges.RANGES,
        "range": chosen,
        "deadlines": _standing([row], now).get(row.pk, []),
        "reach": reaches([row], now=now)[0],
        "drift": standing_drift(row),
    }
    return render(
        request, "dashboards/flow.html", context | _measured(row, found.read, chosen, now)
    )


def _measured(row: Flow, read: FlowAsRead, chosen: ranges.Range, now: datetime) -> dict[str, Any]:
    since = chosen.since(now)
    ended = spread(row, since=since)
    taken, sample = legs(row, read, since=since)
    return {
        "spread": ended,
        "median": ended.mark(50),
        "p95": ended.mark(95),
        "legs": taken,
        "sample": sample,
        "charts": [over_time(ended, chosen, now=now), distribution(ended), leg_times(taken)],
        "since": since,
    }


def _standing(flows: list[Flow], now: datetime) -> dict[int, list[tuple[Held, str]]]:
    """Return the deadlines in force, and to come, by flow, each with its sentence."""
    rows = RuleVersion.objects.filter(flow__in=flows).select_related("flow")
    found: dict[int, list[tuple[Held, str]]] = {}
    for one in standing(rows, now=now):
        told = sentences.deadline(one.rule.document, one.rule.flow.title)
        found.setdefault(one.rule.flow_id, []).append((one, told))
    return found
