"""The live board."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET


@require_GET
@permission_required("tracking.view_journey", raise_exception=True)
def board(request: HttpRequest) -> HttpResponse:
    """Show every event in flight, the next due first."""
    return render(request, "dashboards/board.html", {})
