"""The log records of one journey: a section of its page, and a page of its own."""

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dashboards.log_lines import line, visible
from dashboards.words import duration
from slatrack.domain.durations import parse_duration
from slatrack.domain.parts import journey_id
from slatrack.otlp.severity import WORDS
from slatrack.tracking import reading
from slatrack.tracking.log_reading import Chosen, journey_logs
from slatrack.tracking.models import Journey

PAGE = 100
LONGEST = 200  # characters looked for


@require_GET
@permission_required("tracking.view_journey", raise_exception=True)
def logs(request: HttpRequest, flow: str, key: str) -> HttpResponse:
    """Show what services wrote while they worked on the event."""
    chosen = _chosen(request)
    found = journey_logs(flow, key, chosen)
    row = Journey.objects.select_related("flow").filter(id=journey_id(flow, key)).first()
    if found is None or row is None:
        reason = "No event of this flow with this key has been seen. Keys are case-sensitive."
        return render(request, "404.html", {"reason": reason}, status=404)
    page = Paginator(found.items, PAGE).get_page(request.GET.get("page"))
    names = _names(flow, key) if page.object_list else {}
    said = {
        "row": row,
        "chosen": chosen,
        "found": found,
        "page": page,
        "lines": [line(one, names) for one in page.object_list],
        "severities": [(word, found.severities.get(word, 0)) for word in WORDS],
        "kept_for": duration(parse_duration(settings.SLATRACK.logs_kept_for)),
        "keep": settings.SLATRACK.logs_keep,
        "per_trace": settings.SLATRACK.logs_per_trace,
        "span_name": visible(names.get(chosen.span, "")),
    }
    alone = request.htmx.target != "logs"  # type: ignore[attr-defined]
    return render(request, f"dashboards/{'logs' if alone else '_journey_logs'}.html", said)


def _chosen(request: HttpRequest) -> Chosen:
    severity = request.GET.get("severity", "")
    return Chosen(
        severity if severity in WORDS else "",
        visible(request.GET.get("of", ""))[:16],
        visible(request.GET.get("q", ""))[:LONGEST],
    )


def _names(flow: str, key: str) -> dict[str, str]:
    return {one["span_id"]: one["name"] for one in reading.journey_spans(flow, key)}
