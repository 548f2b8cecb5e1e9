"""Discover: flows that parked spans suggest, each one click from the editor."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboards.discovery_words import shown
from slatrack.tracking import discovering, proposing, work
from slatrack.tracking.discovery_models import Discovery, Rematch, Work

VIEW, LOOK = "tracking.view_discovery", "tracking.change_flow"


@require_safe
@permission_required(VIEW, raise_exception=True)
def discover(request: HttpRequest) -> HttpResponse:
    """What the last look at parked spans found; while one is under way, how far it is."""
    now = timezone.now()
    running = work.under_way(Discovery, now=now)
    rematch = work.under_way(Rematch, now=now)
    if request.headers.get("HX-Request") == "true":
        answer = render(
            request, "dashboards/_discover_work.html", {"running": running, "rematch": rematch}
        )
        if not running and not rematch:
            answer["HX-Refresh"] = "true"
        return answer
    context = {"running": running, "rematch": rematch, "rematched": _rematched()}
    return render(request, "dashboards/discover.html", context | _found())


@require_POST
@permission_required(LOOK, raise_exception=True)
def look(request: HttpRequest) -> HttpResponse:
    """Have a worker look at the spans parked now."""
    discovering.ask(by=request.user, now=timezone.now())
    messages.success(request, "A worker looks at the parked spans; this takes some seconds.")
    return redirect("discover")


def _found() -> dict[str, Any]:
    row = discovering.latest()
    failed = work.latest(Discovery, Work.State.FAILED)
    if row is None:
        return {"look": None, "failed": failed}
    found = discovering.findings(row)
    names = proposing.free_names(found.proposals)
    return {
        "look": row,
        "failed": failed if failed and failed.pk > row.pk else None,
        "proposals": [shown(one, names[one.ident]) for one in found.proposals],
        "left_out": found.left_out,
        "detail": found.detail,
    }


def _rematched() -> Rematch | None:
    return work.latest(Rematch, Work.State.DONE)
