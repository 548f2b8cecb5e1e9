"""How long pages take, asked as a browser asks, and their drawings for the pages that are open."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client, override_settings

from dashboards.board_filter import read
from dashboards.live_views import BoardView, FlowView, View
from slatrack.bench.figures import Figures
from slatrack.tracking.models import Flow

ZONE = "UTC"
# Pages name their files without asking for what `collectstatic` has collected.
UNHASHED = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def looks(flow: str, times: int) -> Figures:
    """Return the times of the board and of a flow's page; nothing where `times` is 0."""
    if not times:
        return {}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": UNHASHED}):
        return _looks(flow, times)


def _looks(flow: str, times: int) -> Figures:
    person = get_user_model().objects.create_superuser("bench")
    browser = Client(SERVER_NAME="localhost", HTTP_SEC_FETCH_SITE="same-origin")
    browser.force_login(person)
    version = Flow.objects.get(name=flow).version
    return {
        **_timed("board", lambda: _page(browser, "/"), times),
        **_timed("board_live", lambda: _draw(BoardView(read(""), ZONE)), times),
        **_timed("flow", lambda: _page(browser, f"/flows/{flow}/"), times),
        **_timed("flow_live", lambda: _draw(FlowView(flow, version, ZONE)), times),
    }


def _page(browser: Client, address: str) -> None:
    answer = browser.get(address, follow=True)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answers {answer.status_code}")


def _draw(view: View) -> None:
    view.draw(now=datetime.now(UTC))


def _timed(name: str, look: Callable[[], None], times: int) -> Figures:
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        look()
        found.append(1000 * (time.perf_counter() - begun))
    found.sort()
    at = max(0, round(0.95 * len(found)) - 1)
    return {
        f"{name}_ms_p50": round(found[len(found) // 2], 1),
        f"{name}_ms_p95": round(found[at], 1),
    }
