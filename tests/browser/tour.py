"""Pictures of every page: `python -m tests.browser.tour http://127.0.0.1:8000 USER PASSWORD DIR`.

Visits a running slatrack (`make demo` for full pages, `make up` for empty ones) as a person would,
light, dark and as wide as a phone, and stores one picture a page. What the browser complains of and
pages that are wider than their screen are printed; their number is the exit code.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.servers import chromium

LOOKS = {
    "light": ({"width": 1440, "height": 900}, "light"),
    "dark": ({"width": 1440, "height": 900}, "dark"),
    "phone": ({"width": 390, "height": 844}, "light"),
    "phone-dark": ({"width": 390, "height": 844}, "dark"),
}
PAGES = {
    "board": "/",
    "board-nothing-matches": "/?q=no-such-key",
    "board-lane": "/?lane=on_track",
    "flows": "/flows/",
    "flow-new": "/new-flow/",
    "discover": "/discover/",
    "rules": "/rules/",
    "rule-templates": "/rules/templates/",
    "rule-template": "/rules/templates/finra-trf-10-seconds",
    "backtests": "/backtests/",
    "calendars": "/calendars/",
    "calendar": "/calendars/XNYS/2026",
    "alerts": "/alerts/",
    "alerts-resolved": "/alerts/?state=resolved",
    "channels": "/channels/",
    "channel-new": "/channels/new/webhook",
    "set-aside": "/set-aside/",
    "health": "/health/",
    "first-run": "/first-run/",
    "demo": "/demo/",
    "not-found": "/no-such-page",
    "journey-not-found": "/flows/no-such-flow/journeys/no-such-key",
}
# Pages that only data leads to: name, the page to start at, the link to follow there.
FOLLOWED = {
    "journey": ("/?lane=on_track", "[data-row] a.key"),
    "journey-missed": ("/?lane=missed", "[data-row] a.key"),
    "journey-done": ("/?lane=done", "[data-row] a.key"),
    "flow": ("/flows/", "main table a[href^='/flows/']"),
    "deadline-edit": ("/rules/", "main a[href$='/edit']"),
    "deadline-versions": ("/rules/", "main a[href$='/versions']"),
    "backtest": ("/backtests/", "a[href^='/backtests/']:not([href='/backtests/'])"),
    "incident": ("/alerts/", "a[href^='/alerts/incidents/']"),
    "incident-resolved": ("/alerts/?state=resolved", "a[href^='/alerts/incidents/']"),
    "channel": ("/channels/", "a[href^='/channels/']:not([href*='new'])"),
    "record": ("/set-aside/", "a[href^='/set-aside/']"),
}
BESIDE_FLOW = {
    "forecasts": "forecasts",
    "flow-edit": "edit",
    "deadline-new": "new-deadline",
    "deadlines-import": "import-deadlines",
    "different": "different?range=24h",
    "flow-version": "versions/1",
}
PATIENCE = 90_000  # milliseconds; a machine may have much else to do
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def main() -> None:
    """Take the pictures; exit with the number of complaints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("user")
    parser.add_argument("password")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--looks", nargs="+", choices=LOOKS, default=list(LOOKS))
    parser.add_argument("--only", default="", help="names of pages that contain this")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with chromium.real() as browser:
        complaints = [said for look in wanted.looks for said in _tour(browser, look, wanted)]
    for said in complaints:
        print(said, file=sys.stderr)  # noqa: T201
    sys.exit(min(len(complaints), 100))


def _tour(browser: Any, look: str, wanted: argparse.Namespace) -> Iterator[str]:
    screen, theme = LOOKS[look]
    context = browser.new_context(
        base_url=wanted.address, viewport=screen, color_scheme=theme, locale="en-GB"
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda one: one.type == "error" and said.append(one.text))
    page.goto("/accounts/sign-in")
    yield from _picture(page, "sign-in", look, wanted)
    page.fill("[name=username]", wanted.user)
    page.fill("[name=password]", wanted.password)
    page.click("main button")
    page.wait_for_url(lambda url: "sign-in" not in url)
    for name, address in _addresses(page, wanted.only):
        said.clear()
        page.goto(address)
        yield from _picture(page, name, look, wanted)
        yield from (f"{name} {look}: {one}" for one in said if "404" not in one)
    context.close()


def _addresses(page: Any, only: str) -> Iterator[tuple[str, str]]:
    yield from ((name, address) for name, address in PAGES.items() if only in name)
    for name, (start, link) in FOLLOWED.items():
        beside = name == "flow" and any(only in one for one in BESIDE_FLOW)
        if only not in name and not beside:
            continue
        page.goto(start)
        found = page.locator(link)
        if not found.count():
            continue
        address = found.first.get_attribute("href")
        yield name, address
        if name == "flow":
            yield from ((one, address + rest) for one, rest in BESIDE_FLOW.items() if only in one)


def _picture(page: Any, name: str, look: str, wanted: argparse.Namespace) -> Iterator[str]:
    page.wait_for_load_state("networkidle")
    if wanted.only in name:
        page.screenshot(path=wanted.folder / f"{name}-{look}.png", full_page=True)
    if (wide := page.evaluate(WIDER)) > 0:
        yield f"{name} {look}: {wide} px wider than the screen"


if __name__ == "__main__":
    main()
