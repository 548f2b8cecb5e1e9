"""Every address that the project answers, as nobody, as each role, and without a CSRF proof."""

import importlib
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import URLPattern, URLResolver, clear_url_caches, get_resolver, resolve

from slatrack import urls
from tests.dashboards.signed_in import client, person

pytestmark = pytest.mark.django_db

ROLES = ("viewer", "operator", "author", "admin")
SEE, FLOW, RULE = "tracking.view_journey", "tracking.view_flow", "tracking.view_ruleversion"
WRITE, CLOSE, UNCLOSE = "tracking.change_flow", "tracking.add_closure", "tracking.change_closure"
TOLD, ACT = "alerting.view_incident", "alerting.act_on_incident"
CHANNEL, WIRE = "alerting.view_channel", "alerting.change_channel"
ASIDE, REPLAY = "tracking.view_setaside", "tracking.change_setaside"

# Addresses that people open or send forms to: the permission to look, the permission to send.
PAGES: dict[str, tuple[str, str]] = {
    "/": (SEE, ""),
    "/search": (SEE, ""),
    "/first-run/": (SEE, ""),
    "/flows/x/journeys/K": (SEE, ""),
    "/flows/x/logs/K": (SEE, ""),
    "/demo/": (SEE, ""),
    "/demo/faults/x": ("", ACT),
    "/flows/": (FLOW, ""),
    "/flows/x/": (FLOW, ""),
    "/flows/x/versions/1": (FLOW, ""),
    "/flows/x/different": (SEE, ""),
    "/flows/x/deadlines.yaml": (RULE, ""),
    "/flows/x/import-deadlines": (WRITE, WRITE),
    "/new-flow/": (WRITE, WRITE),
    "/flows/x/edit": (WRITE, WRITE),
    "/flows/x/drift/d/dismiss": ("", WRITE),
    "/flows/x/new-deadline": (WRITE, WRITE),
    "/flows/x/deadlines/D/edit": (WRITE, WRITE),
    "/flows/x/deadlines/D/retire": ("", WRITE),
    "/flows/x/deadlines/D/draft/discard": ("", WRITE),
    "/flows/x/deadlines/D/versions": (RULE, ""),
    "/flows/x/deadlines/D/versions/1/recompute": ("", WRITE),
    "/rules/": (RULE, ""),
    "/rules/templates/": (RULE, ""),
    "/rules/templates/x": (RULE, ""),
    "/rules/templates/x/use": (WRITE, ""),
    "/calendars/": (RULE, ""),
    "/calendars/x": (RULE, ""),
    "/calendars/x/2026": (RULE, ""),
    "/calendars/x/close": ("", CLOSE),
    "/calendars/x/closures/1/withdraw": ("", UNCLOSE),
    "/alerts/": (TOLD, ""),
    "/alerts/act": ("", ACT),
    "/alerts/incidents/1": (TOLD, ""),
    "/channels/": (CHANNEL, ""),
    "/channels/1": (CHANNEL, ""),
    "/channels/new/webhook": (WIRE, WIRE),
    "/channels/1/edit": (WIRE, WIRE),
    "/channels/1/test": ("", WIRE),
    "/channels/1/resume": ("", WIRE),
    "/set-aside/": (ASIDE, ""),
    "/set-aside/1": (ASIDE, ""),
    "/set-aside/1/bytes": (ASIDE, ""),
    "/set-aside/replay": ("", REPLAY),
    "/health/": ("tracking.view_source", ""),
    "/discover/": ("tracking.view_discovery", ""),
    "/discover/look": ("", WRITE),
}
# Open to everybody, for its reason.
OPEN = {
    "/accounts/sign-in": "people come in here",
    "/favicon.svg": "shown at sign-in",
    "/healthz": "says only that the process is alive",
    "/readyz": "says counts and reasons, no events",
}
GUARDED = {
    "/metrics": "by a token or this machine: tests/operations/test_views.py",
    "/v1/traces": "by ingest tokens: tests/consumers/test_http.py",
    "/v1/logs": "by ingest tokens: tests/consumers/test_logs.py",
    "/accounts/sign-out": "signs the sender out, by POST alone",
}
CHECKED = [(path, "get", right) for path, (right, _) in PAGES.items() if right]
CHECKED += [(path, "post", right) for path, (_, right) in PAGES.items() if right]


@pytest.fixture(scope="module", autouse=True)
def _demo_too() -> Iterator[None]:
    settings.SLATRACK.demo = True
    _load_addresses()
    yield
    settings.SLATRACK.demo = False
    _load_addresses()


def _load_addresses() -> None:
    importlib.reload(urls)
    clear_url_caches()


def patterns(inside: Any, before: str = "") -> Iterator[str]:
    for one in inside.url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one, route)
        elif isinstance(one, URLPattern):
            yield route


def example(route: str) -> str:
    """Return a path of that route: x for a name, 1 for a number."""
    return "/" + re.sub(r"<(\w+):\w+>", lambda m: "1" if m[1] == "int" else "x", route)


def test_every_address_but_the_open_ones_asks_who_you_are_and_what_you_may():
    """New addresses are here at once; which role they want stands in PAGES."""
    known = {resolve(path).route for path in (*OPEN, *GUARDED)}
    routes = {one for one in patterns(get_resolver()) if not one.startswith("api/")} - known
    nobody, roleless = Client(), client("")

    for path in map(example, sorted(routes)):
        answer = nobody.get(path)
        assert answer.status_code == 302, path
        assert answer["Location"].startswith("/accounts/sign-in?next="), path
        refused = roleless.get(path).status_code
        assert refused == 403 or (refused, roleless.post(path).status_code) == (405, 403), path
    assert len(routes) >= len(PAGES)
    assert {resolve(path).route for path in PAGES} <= routes


@pytest.mark.parametrize("role", ["", *ROLES])
def test_who_lacks_the_right_is_refused(role: str):
    user = person(role)
    browser = Client()
    browser.force_login(user)

    for path, method, right in CHECKED:
        if not user.has_perm(right):
            assert getattr(browser, method)(path).status_code == 403, path


@pytest.mark.parametrize("role", ROLES)
def test_who_gained_the_right_is_let_in(role: str):
    """Each role at what it may and the one before may not."""
    user, before = person(role), person(("", *ROLES)[ROLES.index(role)], "before")
    browser = Client()
    browser.force_login(user)

    for path, method, right in CHECKED:
        if user.has_perm(right) and not before.has_perm(right):
            assert getattr(browser, method)(path).status_code not in (403, 405), path


def test_nothing_changes_without_a_csrf_proof():
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person("admin"))

    for path in (path for path, (_, send) in PAGES.items() if send):
        answer = browser.post(path)
        assert answer.status_code == 403, path
        assert "CSRF" in answer.content.decode(), path


def test_what_changes_something_is_never_a_link_and_what_shows_takes_nothing():
    browser = client("admin")

    for path, (look, send) in PAGES.items():
        assert look or browser.get(path).status_code == 405, path
        assert send or browser.post(path).status_code == 405, path


def test_every_role_holds_more_than_the_one_before():
    held = [person(role, f"a {role}").get_all_permissions() for role in ROLES]
    asked = {right for *_, right in CHECKED}

    assert all(less < more for less, more in pairwise(held))
    assert asked <= held[-1]
    assert asked <= {
        f"{one.content_type.app_label}.{one.codename}"
        for one in Permission.objects.select_related("content_type")
    }


def test_api_operations_answer_nobody():
    document = client("viewer").get("/api/openapi.json").json()
    asked = [
        (path.format(flow="x", key="K", incident_id=1, backtest_id=1), method)
        for path, operations in document["paths"].items()
        for method in operations
    ]

    statuses = {
        (path, method, who): getattr(browser, method)(
            path, **({"content_type": "application/json"} if method == "post" else {})
        ).status_code
        for who, browser in (("nobody", Client()), ("no role", client("")))
        for path, method in asked
    }

    assert len(asked) >= 14
    assert {status for (*_, who), status in statuses.items() if who == "nobody"} == {401}
    assert {one for one, status in statuses.items() if status not in (401, 403, 422)} == set()


HUGE = "9" * 30


ODD = [
    f"/flows/x/versions/{HUGE}",
    f"/calendars/XNYS/{HUGE}",
    "/calendars/XNYS/0",
    "/calendars/XNYS/1",
    f"/alerts/incidents/{HUGE}",
    f"/channels/{HUGE}",
    f"/set-aside/{HUGE}",
    f"/set-aside/{HUGE}/bytes",
    "/flows/x/journeys/%00",
    "/flows/x/journeys/" + "k" * 5000,
    "/flows/x/logs/%00",
    "/search?q=%00",
    "/?q=%00",
    "/?attribute=%00%3D%00",
    "/?flow=%00&lane=%00",
    f"/?page={HUGE}",
    "/alerts/?state=%00&flow=%00&severity=%00",
    f"/alerts/?cursor={HUGE}",
    "/set-aside/?source=%00&reason=%00&cursor=%00",
    "/set-aside/?cursor=%F0%28%8C%BC",
    "/rules/?at=%00",
    "/rules/templates/?q=%00",
    "/flows/x/deadlines/%00/versions",
    f"/flows/x/?range={HUGE}&from=%00&to=%00",
    "/accounts/sign-in?next=https://evil.example/",
]


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("get", "/search?q=%00", {}),
        ("get", "/flows/x/journeys/%00", {}),
        ("post", "/alerts/", {"data": {"why": "a\0b"}}),
        (
            "post",
            "/alerts/",
            {"data": "why=%00", "content_type": "application/x-www-form-urlencoded"},
        ),
        (
            "post",
            "/api/rules/due",
            {"data": '{"x": "\\u0000"}', "content_type": "application/json"},
        ),
    ],
)
def test_text_with_a_nul_is_refused_in_words(method, path, more):
    answer = getattr(client("admin"), method)(path, **more)

    assert answer.status_code == 400
    assert "Send it without" in answer.content.decode()


def test_a_cookie_with_a_nul_is_refused():
    assert client("admin").get("/", headers={"cookie": 'zone="a\\000b"'}).status_code == 400


def test_no_address_falls_over():
    browser = client("admin")

    assert {path: status for path in ODD if (status := browser.get(path).status_code) >= 500} == {}
