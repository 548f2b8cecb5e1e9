"""Finding an event by its key."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from slatrack.tracking.models import Journey

TWO = 2


@require_GET
@permission_required("tracking.view_journey", raise_exception=True)
def search(request: HttpRequest) -> HttpResponse:
    """Go to the journey with exactly this key; otherwise to the board, narrowed to the text."""
    key = request.GET.get("q", "").replace("\0", "").strip()
    found = list(Journey.objects.filter(key=key).values_list("flow__name", flat=True)[:TWO])
    if key and len(found) == 1:
        return redirect("journey", flow=found[0], key=key)
    return redirect(f"/?{urlencode({'q': key})}" if key else "board")
