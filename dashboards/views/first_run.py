"""First run: what is still to be done, with the configuration to copy."""

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from dashboards.queries_first_run import checklist


@require_safe
@permission_required("tracking.view_journey", raise_exception=True)
def first_run(request: HttpRequest) -> HttpResponse:
    """The checklist; its part alone for the refresh that ticks it."""
    checks = checklist()
    context = {"checks": checks, "done": all(check.done for check in checks)}
    if request.headers.get("HX-Request") == "true":
        return render(request, "dashboards/_first_run_checks.html", context)
    place = {
        "http": f"{request.scheme}://{request.get_host()}",
        "brokers": settings.SLATRACK.kafka_brokers,
        "topic": settings.SLATRACK.kafka_topics.split(",")[0].split(":")[0],
        "log_topic": settings.SLATRACK.kafka_log_topics.split(",")[0].split(":")[0],
        "tokens": bool(getattr(settings.SLATRACK, "ingest_tokens", "")),
    }
    context["collector"] = render_to_string("dashboards/collector.yaml", place).strip() + "\n"
    context |= place
    return render(request, "dashboards/first_run.html", context)
