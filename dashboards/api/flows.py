"""Flows: how each stands, and its document."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router

from dashboards.api.access import needs
from dashboards.days import day_began
from dashboards.queries_flows import Standing, standings
from dashboards.queries_forecasts import Score, score
from slatrack.domain.instants import rfc3339
from slatrack.tracking import rule_versions, sources
from slatrack.tracking.forecast_reading import outlooks_of
from slatrack.tracking.models import Flow, Outlook

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
        "read_to": rfc3339(sources.watermarks(now).of(flow)),
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


@router.get("/{flow}/forecast", summary="Who will be late, and how good forecasts were")
@needs("tracking.view_flow")
def flow_forecast(request: HttpRequest, flow: str) -> dict[str, Any]:
    """Return what is expected of the events in flight, and the score of past forecasts."""
    row = get_object_or_404(Flow, name=flow)
    return {
        "items": [outlook_entry(one) for one in outlooks_of(row.pk)],
        "score": score_entry(score(row)),
    }


def outlook_entry(row: Outlook) -> dict[str, Any]:
    """Return the outlook of one deadline."""
    return {
        "deadline": row.deadline,
        "read_to": rfc3339(row.read_to),
        "past_events": row.events,
        "waiting": row.waiting,
        "will_miss": row.waiting if row.stopped_at else round(row.misses, 2),
        "first_due_at": rfc3339(row.first_due_at),
        "last_due_at": rfc3339(row.last_due_at),
        "pace": round(row.pace, 3),
        "stopped_at": rfc3339(row.stopped_at),
    }


def score_entry(found: Score) -> dict[str, Any]:
    """Return a score; figures are null where nothing can be said."""
    return {
        "deadlines": found.deadlines,
        "missed": found.missed,
        "since": rfc3339(found.since),
        "forecasts": found.said,
        "calibration_error": found.error,
        "brier": found.brier,
        "brier_of_average": found.brier_of_rate,
        "reliability": [one._asdict() for one in found.bins],
        "ways": [
            {
                "way": way.name,
                "called": way.calling.called,
                "false_alarms": way.calling.false_alarms,
                "precision": way.calling.precision,
                "recall": way.calling.recall,
                "lead_seconds": way.calling.lead,
            }
            for way in found.ways
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
