"""How good the forecasts of a flow were."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboards.charts.reliability import reliability
from dashboards.outlook_words import outlooks
from dashboards.queries_forecasts import deadlines, score
from slatrack.domain.forecasts.history import ENOUGH
from slatrack.tracking.forecast_reading import outlooks_of
from slatrack.tracking.models import Flow


@require_safe
@permission_required("tracking.view_flow", raise_exception=True)
def forecasts(request: HttpRequest, flow: str) -> HttpResponse:
    """What is expected now, and what became of what was expected before."""
    row = get_object_or_404(Flow, name=flow)
    known = deadlines(row)
    chosen = request.GET.get("deadline", "")
    chosen = chosen if chosen in known else ""
    found = score(row, chosen)
    context = {
        "flow": row,
        "names": known,
        "chosen": chosen,
        "score": found,
        "chart": reliability(found),
        "outlooks": outlooks(outlooks_of(row.pk), now=timezone.now()),
        "enough": ENOUGH,
    }
    return render(request, "dashboards/forecasts.html", context)
