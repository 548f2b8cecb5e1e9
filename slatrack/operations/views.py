"""/healthz, /readyz and /metrics: for machines that watch slatrack. They show counts, no events."""

import hmac
import ipaddress
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST, choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from slatrack.operations import readiness
from slatrack.operations.gauges import DatabaseGauges


@require_safe
@never_cache
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that this process is alive; asks nothing of anybody else."""
    return JsonResponse({"alive": True})


@require_safe
@never_cache
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when slatrack does its whole job, else 503 with reasons; `?of=pages` for less."""
    pages_only = request.GET.get("of") == "pages"
    answers = readiness.look(now=datetime.now(UTC), pages_only=pages_only)
    ready = all(answer.ready for answer in answers)
    body = {"ready": ready, "checks": [answer.as_dict() for answer in answers]}
    return JsonResponse(body, status=200 if ready else 503)


@require_safe
@never_cache
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Expose the metrics of this process (all of its siblings, if they share a folder)."""
    if not _may_see_metrics(request):
        reason = "Show SLATRACK_METRICS_TOKEN as a bearer token; without one set, only this machine"
        return HttpResponse(f"{reason} is answered.\n", status=403, content_type="text/plain")
    written, content_type = _form(request.headers.get("Accept", ""))
    try:
        body = written(_Together(_of_processes(), _of_database()))
    except (DatabaseError, InterfaceError):
        body = written(_of_processes())
        if written is generate_latest:
            body += b"# The database does not answer: its gauges are missing.\n"
    return HttpResponse(body, content_type=content_type)


def _form(accepted: str) -> tuple[Callable[[Any], bytes], str]:
    """Return what writes metrics, and as what: OpenMetrics, with exemplars, for who asks for it."""
    if "application/openmetrics-text" in accepted:
        return choose_encoder(accepted)
    return generate_latest, CONTENT_TYPE_LATEST


class _Together:
    """Several registries as one: OpenMetrics has one end."""

    def __init__(self, *registries: CollectorRegistry) -> None:
        self._registries = registries

    def collect(self) -> Iterator[Metric]:
        for registry in self._registries:
            yield from registry.collect()


def _may_see_metrics(request: HttpRequest) -> bool:
    token = settings.SLATRACK.metrics_token
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    if settings.SLATRACK.behind_proxy or "X-Forwarded-For" in request.headers:
        return False  # every caller seems to be the proxy
    return _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _of_processes() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _of_database() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(DatabaseGauges())
    return registry
