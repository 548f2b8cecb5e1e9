"""Journeys: a filtered list, one journey, its spans."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router

from dashboards.api.access import needs
from dashboards.api.problems import Refused
from dashboards.log_lines import log_page
from dashboards.paging import MOST, page
from dashboards.queries_journeys import Filter, entries, journeys, listed
from slatrack.domain.states import Status, Verdict
from slatrack.otlp.severity import Severity
from slatrack.tracking import log_reading, reading
from slatrack.tracking.models import Flow

router = Router(tags=["journeys"])
ATTRIBUTE = "attr."


@router.get("/{flow}/journeys", summary="A page of journeys, newest first")
@needs("tracking.view_journey")
def journey_list(
    request: HttpRequest,
    flow: str,
    status: Status | None = None,
    verdict: Verdict | None = None,
    step: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    q: str = "",
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> dict[str, Any]:
    """List journeys that started in [since, until), newest first.

    `attr.NAME=VALUE` narrows to events with that attribute; `q` to keys that contain it.
    `next_cursor` is null on the last page.
    """
    row = get_object_or_404(Flow, name=flow)
    chosen = Filter(
        status=status.value if status else "",
        verdict=verdict.value if verdict else "",
        step=step,
        since=aware(since, "since"),
        until=aware(until, "until"),
        q=q,
        attributes=attributes(request),
    )
    found = page(entries(journeys(row, chosen)), newest="started_at", cursor=cursor, limit=limit)
    now = timezone.now()
    items = listed(found.rows, now=now)
    return {"items": items, "next_cursor": found.next_cursor}


@router.get("/{flow}/journeys/{path:key}/spans", summary="The spans of one journey")
@needs("tracking.view_journey")
def span_list(request: HttpRequest, flow: str, key: str) -> dict[str, Any]:
    """Return every span of the journey in full, over all its traces, by start."""
    journey_or_404(flow, key)
    return {"items": reading.journey_spans(flow, key)}


@router.get("/{flow}/journeys/{path:key}/logs", summary="The log records of one journey")
@needs("tracking.view_journey")
def log_list(
    request: HttpRequest,
    flow: str,
    key: str,
    severity: Severity | None = None,
    span: str = "",
    q: str = "",
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> dict[str, Any]:
    """Return what services wrote while they worked on the event, by time.

    `severity` narrows to that one and worse, `span` to one span's, `q` to those that contain it.
    """
    found = log_reading.journey_logs(
        flow, key, log_reading.Chosen(severity.value if severity else "", span, q)
    )
    if found is None:
        raise Http404(f"flow {flow!r} has no journey with key {key!r}")
    items, following = log_page(found.items, cursor=cursor, limit=limit)
    return {
        "items": items,
        "next_cursor": following,
        "total": found.total,
        "truncated": found.truncated,
    }


@router.get("/{flow}/journeys/{path:key}", summary="One journey")
@needs("tracking.view_journey")
def journey(request: HttpRequest, flow: str, key: str) -> dict[str, Any]:
    """Return one event's journey: steps, legs, deadlines, gaps."""
    return journey_or_404(flow, key)


def journey_or_404(flow: str, key: str) -> dict[str, Any]:
    """Return the journey; Http404 that says what is missing."""
    found = reading.journey(flow, key, now=timezone.now())
    if found is None:
        raise Http404(f"flow {flow!r} has no journey with key {key!r}")
    return found


def attributes(request: HttpRequest) -> dict[str, str]:
    """Return the attribute filters of the query string."""
    return {
        name.removeprefix(ATTRIBUTE): str(value)
        for name, value in request.GET.items()
        if name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)
    }


def aware(at: datetime | None, name: str) -> datetime | None:
    """Return `at` in UTC; Refused if it names no zone."""
    if at is None:
        return None
    if at.tzinfo is None:
        raise Refused(422, f"{name}: say the time zone, e.g. {at.isoformat()}Z")
    return at.astimezone(UTC)
