"""What the frame of every page needs: the places one may go, open alerts, how far behind we are."""

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from dashboards.queries_pulse import pulse
from slatrack.alerting import reading


class Place(NamedTuple):
    name: str
    word: str
    icon: str
    permission: str


PLACES = (
    Place("board", "Live", "live", "tracking.view_journey"),
    Place("flows", "Flows", "flows", "tracking.view_flow"),
    Place("discover", "Discover", "search", "tracking.view_discovery"),
    Place("rules", "Rules", "rules", "tracking.view_ruleversion"),
    Place("alerts", "Alerts", "alerts", "alerting.view_incident"),
    Place("set-aside", "Set aside", "set-aside", "tracking.view_setaside"),
    Place("health", "Health", "health", "tracking.view_source"),
    Place("demo", "Demo", "demo", "tracking.view_journey"),
)
WITHIN = {  # where an address belongs, by the first word of its name
    "journey": "board",
    "search": "board",
    "flow": "flows",
    "forecasts": "flows",
    "drift": "flows",
    "incident": "alerts",
    "channel": "alerts",
    "channels": "alerts",
    "rule": "rules",
    "deadline": "rules",
    "deadlines": "rules",
    "draft": "rules",
    "backtest": "rules",
    "backtests": "rules",
    "shadow": "rules",
    "calendar": "rules",
    "calendars": "rules",
    "set": "set-aside",
}


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's variables; a template context processor, lazy where it costs a query."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    match = request.resolver_match
    here = (match.url_name if match else "") or ""
    counted = user.has_perm("alerting.view_incident")
    return {
        "places": [_shown(p, here) for p in PLACES if user.has_perm(p.permission) and _at(p)],
        "open_alerts": reading.open_count if counted else 0,
        "pulse": lambda: pulse(now=timezone.now()).sentence,
    }


def _shown(place: Place, here: str) -> dict[str, Any]:
    first = here.split("-", maxsplit=1)[0]
    current = place.name in (here, WITHIN.get(first, first))
    return {**place._asdict(), "address": _at(place), "current": current}


def _at(place: Place) -> str:
    try:
        return reverse(place.name)
    except NoReverseMatch:  # this installation has no such page
        return ""
