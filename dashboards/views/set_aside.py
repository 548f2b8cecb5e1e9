"""Set aside: records that could not be read, with their reason and bytes, to be replayed."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from dashboards import queries_set_aside as queries
from dashboards.paging import BadCursor, page
from slatrack.celery import app
from slatrack.tracking.models import SetAside

logger = logging.getLogger(__name__)
VIEW, REPLAY = "tracking.view_setaside", "tracking.change_setaside"
TASK = "consumers.replay_set_aside"
MOST = 500  # records of one replay
SOURCES = ("kafka", "http", "grpc", "file")


@require_safe
@permission_required(VIEW, raise_exception=True)
def set_aside(request: HttpRequest) -> HttpResponse:
    """The records set aside, newest first."""
    source, reason = request.GET.get("source", ""), request.GET.get("reason", "")
    show = "all" if request.GET.get("show") == "all" else "open"
    rows = queries.set_aside(source=source, reason=reason, open_only=show == "open")
    try:
        found = page(rows, newest="at", cursor=request.GET.get("cursor"))
    except BadCursor:
        return redirect("set-aside")
    context = {
        "rows": found.rows,
        "cursor": found.next_cursor,
        "counts": queries.counts(),
        "sources": SOURCES,
        "reasons": queries.reasons(),
        "source": source,
        "reason": reason,
        "show": show,
    }
    return render(request, "dashboards/set_aside.html", context)


@require_safe
@permission_required(VIEW, raise_exception=True)
def record(request: HttpRequest, record_id: int) -> HttpResponse:
    """One record: why it was set aside and how it begins."""
    row = get_object_or_404(SetAside.objects.defer("data"), pk=record_id)
    data = queries.beginning(row)
    context = {
        "row": row,
        "lines": queries.hex_lines(data),
        "text": data.decode("utf-8", "replace"),
        "shown": len(data),
    }
    return render(request, "dashboards/set_aside_record.html", context)


@require_safe
@permission_required(VIEW, raise_exception=True)
def record_bytes(request: HttpRequest, record_id: int) -> HttpResponse:
    """The bytes as they came, as a download: never shown as a page."""
    row = get_object_or_404(SetAside, pk=record_id)
    answer = HttpResponse(bytes(row.data), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="set-aside-{row.pk}.bin"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_POST
@permission_required(REPLAY, raise_exception=True)
def replay(request: HttpRequest) -> HttpResponse:
    """Have the chosen records read again; what is readable now is recorded as if just received."""
    chosen = [int(pk) for pk in request.POST.getlist("record") if pk.isdecimal()][:MOST]
    ids = list(SetAside.objects.filter(pk__in=chosen).values_list("id", flat=True))
    if not ids:
        messages.error(request, "Nothing was replayed: choose at least one record.")
        return redirect("set-aside")
    try:
        for pk in ids:
            app.send_task(TASK, args=[pk])
    except OperationalError as error:
        logger.warning("replay could not be handed to a worker: %s", error)
        messages.error(request, "No worker could be told: is the message broker reachable?")
        return redirect("set-aside")
    told = f"{len(ids)} record{'' if len(ids) == 1 else 's'} handed to a worker: those that can be "
    messages.success(request, f"{told}read now leave this list within seconds.")
    return redirect("set-aside")
