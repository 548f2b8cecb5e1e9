"""Templates: rules of real regulations with their sources, to begin a deadline with."""

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from dashboards.template_shelf import sentence, shown
from slatrack.domain.rule_templates import find, search
from slatrack.tracking.closures import calendars
from slatrack.tracking.models import Flow


@require_safe
@permission_required("tracking.view_ruleversion", raise_exception=True)
def rule_templates(request: HttpRequest, name: str = "") -> HttpResponse:
    """Every template that holds the words looked for, and one of them in full."""
    words, flow = request.GET.get("q", "")[:200], request.GET.get("flow", "")
    found = search(words)
    one = find(name) if name else next(iter(found), None)
    if name and one is None:
        raise Http404(f"there is no template {name!r}")
    context = {
        "q": words,
        "found": [(template, sentence(template)) for template in found],
        "shown": shown(one, calendars(), now=timezone.now()) if one else None,
        "flows": Flow.objects.filter(enabled=True).order_by("title"),
        "flow": flow,
        "kept": urlencode({key: value for key, value in (("q", words), ("flow", flow)) if value}),
    }
    part = request.htmx.target == "shelf"  # type: ignore[attr-defined]
    page = "dashboards/_rule_templates.html" if part else "dashboards/rule_templates.html"
    return render(request, page, context)


@require_safe
@permission_required("tracking.change_flow", raise_exception=True)
def use(request: HttpRequest, name: str) -> HttpResponse:
    """Go to the editor of a new deadline of the chosen flow; nothing is saved there yet."""
    flow = Flow.objects.filter(name=request.GET.get("flow", "")).first()
    if flow is None or find(name) is None:
        raise Http404("there is no such flow, or no such template")
    query = urlencode({"template": name})
    return redirect(f"{reverse('deadline-new', args=[flow.name])}?{query}")
