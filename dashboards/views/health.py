"""Health: how slatrack itself fares, in one sentence and in numbers."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboards.queries_health import health


@require_safe
@permission_required("tracking.view_source", raise_exception=True)
def health_page(request: HttpRequest) -> HttpResponse:
    """The page, or only its part for the refresh every few seconds."""
    part = request.headers.get("HX-Request") == "true"
    template = "dashboards/_health.html" if part else "dashboards/health.html"
    return render(request, template, {"health": health(now=timezone.now())})
