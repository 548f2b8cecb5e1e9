"""Alerts: the incidents by state, one incident, and taking them on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from slatrack.alerting import incidents as acts
from slatrack.alerting import reading
from slatrack.alerting.coming import coming
from slatrack.alerting.models import Incident
from slatrack.tracking.models import Flow

VIEW, ACT = "alerting.view_incident", "alerting.act_on_incident"
STATES = [state.value for state in Incident.State]
SNOOZES = {"15": "15 min", "60": "1 h", "240": "4 h", "720": "12 h"}
EVENTS = 100


@require_safe
@permission_required(VIEW, raise_exception=True)
def alerts(request: HttpRequest) -> HttpResponse:
    """The incidents in one state, the newest alert first."""
    state = request.GET.get("state", "open")
    state = state if state in STATES else "open"
    flow = request.GET.get("flow", "")
    cursor = request.GET.get("cursor") or None
    try:
        found = reading.incidents(state, flow or None, cursor=cursor)
    except ValueError:
        return redirect("alerts")
    context = {
        "state": state,
        "flow": flow,
        "counts": reading.counts(),
        "incidents": found.incidents,
        "cursor": found.cursor,
        "flows": Flow.objects.order_by("title"),
        "snoozes": SNOOZES,
        "now": timezone.now(),
    }
    return render(request, "dashboards/alerts.html", context)


@require_safe
@permission_required(VIEW, raise_exception=True)
def incident(request: HttpRequest, incident_id: int) -> HttpResponse:
    """One incident: its events, and everything that was done and sent."""
    row = reading.incident(incident_id)
    if row is None:
        raise Http404(f"there is no incident {incident_id}")
    offset = request.GET.get("from", "")
    first = int(offset) if offset.isdecimal() else 0
    events = reading.events(incident_id, limit=EVENTS + 1, offset=first)
    now = timezone.now()
    ahead = coming(row.flow_id, row.deadline, now=now) if row.live else None
    context = {
        "incident": row,
        "coming": ahead and ahead.sentence(now=now),
        "events": events[:EVENTS],
        "first": first,
        "following": first + EVENTS if len(events) > EVENTS else None,
        "timeline": reading.timeline(incident_id)[::-1],
        "snoozes": SNOOZES,
        "now": now,
    }
    return render(request, "dashboards/incident.html", context)


@require_POST
@permission_required(ACT, raise_exception=True)
def act(request: HttpRequest) -> HttpResponse:
    """Acknowledge, snooze or resolve the chosen incidents, then go back to where one was.

    `ack` names a single one, whatever else is chosen: the button of its row.
    """
    single = request.POST.getlist("ack")
    chosen = [int(pk) for pk in single or request.POST.getlist("incident") if pk.isdecimal()]
    rows = list(Incident.objects.filter(pk__in=chosen))
    what, now = "ack" if single else request.POST.get("do", ""), timezone.now()
    carry_out = _ACTS.get(what)
    if carry_out is None or not rows:
        messages.error(request, "Nothing was done: choose at least one incident and what to do.")
        return redirect(_back(request))
    why = request.POST.get("why", "")[:500]
    count = carry_out(request, rows, why, now)
    word = {"ack": "acknowledged", "snooze": "snoozed", "resolve": "resolved"}[what]
    others = len(rows) - count
    tail = f" {others} needed no change." if others else ""
    messages.success(request, f"{count} incident{'' if count == 1 else 's'} {word}.{tail}")
    return redirect(_back(request))


def _acknowledge(request: HttpRequest, rows: list[Incident], why: str, now: datetime) -> int:
    return acts.acknowledge_all(rows, by=_user(request), why=why, now=now)


def _snooze(request: HttpRequest, rows: list[Incident], why: str, now: datetime) -> int:
    length = request.POST.get("minutes", "")
    minutes = int(length) if length in SNOOZES else 60
    until = now + timedelta(minutes=minutes)
    return acts.snooze_all(rows, until=until, by=_user(request), why=why, now=now)


def _resolve(request: HttpRequest, rows: list[Incident], why: str, now: datetime) -> int:
    return acts.resolve_all(rows, by=_user(request), why=why, now=now)


_ACTS: dict[str, Callable[[HttpRequest, list[Incident], str, datetime], int]] = {
    "ack": _acknowledge,
    "snooze": _snooze,
    "resolve": _resolve,
}


def _user(request: HttpRequest) -> Any:
    return request.user


def _back(request: HttpRequest) -> str:
    """Return the page to go back to, if it is one of ours."""
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        return back
    return "alerts"
