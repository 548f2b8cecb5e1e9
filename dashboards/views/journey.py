"""The page of one journey, and its export."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from dashboards.comparison import comparison
from dashboards.journey_data import JourneyData, look
from dashboards.journey_picture import context, touched
from dashboards.way import attempts
from slatrack.domain.instants import rfc3339

TABS = {
    "spans": "Spans",
    "compare": "Compare",
    "attributes": "Attributes",
    "table": "Table",
    "raw": "Raw",
}
PAGE = 200


@require_GET
@permission_required("tracking.view_journey", raise_exception=True)
def journey(request: HttpRequest, flow: str, key: str) -> HttpResponse:
    """Show one event's way; with `?export=json` give all that is known of it."""
    now = timezone.now()
    data = look(flow, key, now=now)
    if data is None:
        reason = "No event of this flow with this key has been seen. Keys are case-sensitive."
        return render(request, "404.html", {"reason": reason}, status=404)
    if request.GET.get("export") == "json":
        return _export(data)
    if request.GET.get("touched") == "1" and request.htmx:  # type: ignore[attr-defined]
        return render(request, "dashboards/_journey_references.html", touched(data))
    if request.htmx.target == "span-panel":  # type: ignore[attr-defined]
        return render(request, "dashboards/_journey_span.html", _selected(request, data))
    whole = request.GET.get("all") == "1"
    said = {
        **context(data, now=now, whole=whole),
        **_tab(request, data),
        **_selected(request, data),
    }
    if request.htmx.target == "tab":  # type: ignore[attr-defined]
        return render(request, "dashboards/_journey_tab.html", said)
    return render(request, "dashboards/journey.html", said)


def _tab(request: HttpRequest, data: JourneyData) -> dict[str, Any]:
    tab = request.GET.get("tab", "spans")
    page = Paginator(data.spans, PAGE).get_page(request.GET.get("page"))
    said = {"tabs": TABS, "tab": tab if tab in TABS else "spans", "page": page}
    return {**said, "comparison": comparison(data)} if tab == "compare" else said


def _selected(request: HttpRequest, data: JourneyData) -> dict[str, Any]:
    """The span in the address, with what the panel says of it and around it."""
    said: dict[str, Any] = {"span": None, "data": data, "row": data.row}
    span = data.span(request.GET.get("span", ""))
    by_id = {one["span_id"]: one for one in data.spans}
    if span is None:
        return said
    linked = {link["span_id"] for link in span["links"]}
    return {
        **said,
        "span": span,
        "parent": by_id.get(span["parent_id"]),
        "attempt": attempts(data.spans).get(span["span_id"]),
        "known_ids": linked & by_id.keys(),
    }


def _export(data: JourneyData) -> HttpResponse:
    known = {
        "as_of": rfc3339(timezone.now()),
        "journey": data.described,
        "spans": data.evidence.spans,
        "flips": [
            {
                "about": flip.about, "deadline": flip.deadline, "version": flip.version,
                "before": flip.before, "after": flip.after, "at": rfc3339(flip.at),
                "recorded_at": rfc3339(flip.recorded_at), "watermark": rfc3339(flip.watermark),
                "reason": flip.reason, "almanac": flip.almanac,
            }
            for flip in data.flips
        ],
    }  # fmt: skip
    response = JsonResponse(known, json_dumps_params={"indent": 2})
    name = slugify(f"{data.row.flow.name}-{data.row.key}")[:100] or "journey"
    response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response
