"""Flows: how each stands, and its document."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router

from dashboards.api.access import needs
from dashboards.days import day_began
from dashboards.queries_flows import Standing, standings
from slatrack.domain.instants import rfc3339
from slatrack.tracking import rule_versions, sources
from slatrack.tracking.models import Flow

router = Router(tags=["flows"])


@router.get("", summary="All flows with live counts")
@needs("tracking.view_flow")
def flows(request: HttpRequest) -> dict[str, Any]:
    """List every flow with what is in flight, at risk, late and missed today (UTC)."""
    now = timezone.now()
    return {"items": [entry(one) for one in standings(now=now, day_began=day_began(now))]}


@router.get("/{flow}", summary="One flow and its document")
@needs("tracking.view_flow")
def flow_document(request: HttpRequest, flow: str) -> dict[str, Any]:
    """Return a flow with its counts, its document (YAML) and the deadlines in force."""
    row = get_object_or_404(Flow, name=flow)
    now = timezone.now()
    [standing] = standings(now=now, day_began=day_began(now), flows=[row])
    found = rule_versions.standing(row.rules.all(), now=now)
    return entry(standing) | {
        "changed_at": rfc3339(row.changed_at),
        "read_to": rfc3339(sources.watermark(now)),
        "document": row.document,
        "deadlines": [
            {
                "deadline": one.rule.name,
                "version": one.rule.version,
                "state": one.state.value,
                "effective_from": rfc3339(one.begins),
                "effective_until": rfc3339(one.ends),
                "document": one.rule.document,
            }
            for one in found
        ],
    }


def entry(standing: Standing) -> dict[str, Any]:
    """Return one flow as lists show it."""
    return {
        "flow": standing.flow.name,
        "title": standing.flow.title,
        "version": standing.flow.version,
        "enabled": standing.flow.enabled,
        "in_flight": standing.in_flight,
        "at_risk": standing.at_risk,
        "late": standing.late,
        "missed_today": standing.missed_today,
        "on_time_today": standing.on_time,
        "next_due_at": rfc3339(standing.next_due_at),
    }
