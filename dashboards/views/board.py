"""The live board."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboards import board_filter
from dashboards.board_picture import board as look
from dashboards.board_picture import picture
from slatrack.tracking.models import Flow, Journey


@require_GET
@permission_required("tracking.view_journey", raise_exception=True)
def board(request: HttpRequest) -> HttpResponse:
    """Show every event in flight, the next due first."""
    now = timezone.now()
    chosen = board_filter.of(request.GET.dict())
    found = look(chosen, now=now)
    shown = picture(found, now=now)
    lanes = [
        {"lane": lane, "rows": [shown.rows[name] for name in shown.order[lane.name]]}
        for lane in found.lanes
    ]
    context = {
        "board": found, "chosen": chosen, "lanes": lanes, "flows": Flow.objects.order_by("title"),
        "nothing_yet": not found.lanes and not Journey.objects.exists(),
    }  # fmt: skip
    return render(request, "dashboards/board.html", context)
