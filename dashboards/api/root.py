"""The API at /api/: its parts, its documentation at /api/docs, its errors."""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI

from dashboards.api import alerts, backtests, contrasts, flows, journeys, rules
from dashboards.api.access import AUTH
from dashboards.api.problems import answer_with_problems

api = NinjaAPI(
    title="slatrack",
    version="1",
    description="Journeys of business events, their deadlines and alerts. Times are RFC 3339 UTC.",
    urls_namespace="api",
    auth=AUTH,
)
answer_with_problems(api)
api.add_router("/flows", flows.router)
api.add_router("/flows", contrasts.router)
api.add_router("/flows", journeys.router)
api.add_router("/rules", rules.router)
api.add_router("/rules", backtests.router)
api.add_router("", alerts.router)


def _without_redirect() -> list[URLPattern | URLResolver]:
    """Let operations answer 401 themselves; only the documentation pages lead to sign-in."""
    patterns = api.urls[0]
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and pattern.name not in ("openapi-json", "openapi-view"):
            pattern.callback = login_not_required(pattern.callback)
    return patterns


urls = (_without_redirect(), "ninja", "api")
