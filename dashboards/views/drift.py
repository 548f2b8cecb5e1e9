"""Drift: a difference of a flow from its document, dismissed by a person."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from slatrack.tracking import drifting
from slatrack.tracking.models import Flow


@require_POST
@permission_required("tracking.change_flow", raise_exception=True)
def dismiss(request: HttpRequest, flow: str, ident: str) -> HttpResponse:
    """Say that a difference is known and needs nothing."""
    row = get_object_or_404(Flow, name=flow)
    if drifting.dismiss(row, ident, by=request.user, now=timezone.now()):
        messages.success(request, "Dismissed: it is not shown again, and who and when is kept.")
    else:
        messages.error(request, "That difference is gone: the last look did not find it.")
    return redirect("flow", flow=row.name)
