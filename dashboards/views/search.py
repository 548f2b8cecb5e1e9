"""Finding an event by its key."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from slatrack.domain.parts import journey_id
from slatrack.tracking.models import Flow, Journey


@require_GET
@permission_required("tracking.view_journey", raise_exception=True)
def search(request: HttpRequest) -> HttpResponse:
    """Go to the journey with exactly this key; otherwise to the board, narrowed to the text."""
    key = request.GET.get("q", "").replace("\0", "").strip()
    found = _flows_of(key) if key else []
    if len(found) == 1:
        return redirect("journey", flow=found[0], key=key)
    return redirect(f"/?{urlencode({'q': key})}" if key else "board")


def _flows_of(key: str) -> list[str]:
    """Return the flows that know an event of exactly this key: its id is made of both."""
    names = Flow.objects.values_list("name", flat=True)
    found = Journey.objects.filter(id__in=[journey_id(name, key) for name in names])
    return list(found.values_list("flow__name", flat=True))
