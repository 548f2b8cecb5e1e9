"""The page of each hard case: within our policy, wide and narrow, light and dark.

With SLATRACK_TEST_PICTURES=FOLDER each is taken as pictures to look at.
"""

import os
from pathlib import Path

import pytest

from tests import journey_cases

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

LIVE = "#live[data-state=live]"
LOOKS = {"light": (1440, "light"), "dark": (1440, "dark"), "phone": (390, "light")}
FOLDER = os.environ.get("SLATRACK_TEST_PICTURES")


DRAWN_ANEW = """async () => {
  const place = document.querySelector("#touched");
  const drawn = new DOMParser().parseFromString(place.innerHTML, "text/html").body;
  drawn.querySelectorAll(".list .list").forEach((inner) => inner.remove());
  drawn.querySelectorAll("details").forEach((one) => one.removeAttribute("open"));
  const journey = document.querySelector("script[src$='dashboards/journey.js']").src;
  const { patch } = await import(journey.replace("journey.js", "patch.js"));
  patch({ rows: {}, order: {}, parts: { touched: drawn.innerHTML } });
}"""


def shot(page, name):
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{FOLDER}/{name}.png", full_page=True)


@pytest.mark.parametrize("case", journey_cases.CASES)
def test_a_hard_case_is_shown_whole(page, case):
    journey_cases.save()
    key = journey_cases.CASES[case]()
    for look, (width, theme) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.goto(
            f"/flows/{'orders' if key == 'O-17' else journey_cases.FLOW}/journeys/{key}?all=1"
        )
        page.wait_for_selector(LIVE)
        shot(page, f"{case}-{look}")
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) == 0


def test_an_event_is_compared_with_a_typical_one(page):
    journey_cases.save()
    key = journey_cases.slower_than_usual()
    page.goto(f"/flows/{journey_cases.FLOW}/journeys/{key}")
    page.wait_for_selector(LIVE)

    page.click("#tab a >> text=Compare")
    page.wait_for_selector("text=Most was added by waiting from published to settled")
    assert "tab=compare" in page.url
    for look, (width, theme) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        shot(page, f"compare-{look}")

    page.click("#tab a.key")
    page.wait_for_selector("#verdict")
    assert "USUAL-" in page.url
    assert "tab=compare" in page.url


def test_a_history_is_walked_back_on_the_page(page):
    journey_cases.save()
    key = journey_cases.state_store()
    page.goto(f"/flows/{journey_cases.FLOW}/journeys/{key}")

    page.click("#touched details summary >> nth=0")
    page.wait_for_selector("#touched .list .list >> text=STORE-1")

    page.click("#touched a.key >> nth=0")
    page.wait_for_selector("#verdict")
    assert page.url.endswith("STORE-2")


def test_an_opened_history_outlives_a_new_drawing_of_its_part(page):
    journey_cases.save()
    key = journey_cases.state_store()
    page.goto(f"/flows/{journey_cases.FLOW}/journeys/{key}")
    page.wait_for_selector(LIVE)
    page.click("#touched details summary >> nth=0")
    page.wait_for_selector("#touched .list .list >> text=STORE-1")

    page.evaluate(DRAWN_ANEW)

    assert page.locator("#touched details[open]").count() == 1
    assert page.locator("#touched .list .list >> text=STORE-1").first.is_visible()


def test_the_keyboard_goes_from_span_to_span_and_the_address_follows(page):
    journey_cases.save()
    key = journey_cases.retries()
    page.goto(f"/flows/{journey_cases.FLOW}/journeys/{key}?tab=table")
    page.wait_for_selector(LIVE)

    page.focus("#way a[data-span] >> nth=0")
    page.keyboard.press("ArrowDown")
    page.wait_for_url("**span=*")
    page.wait_for_selector("#span-panel h2 >> text=trades.accepted publish")
    assert "tab=table" in page.url
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#span-panel h2 >> text=trades.accepted process")
    assert page.locator("#way .is-chosen").count() == 1

    page.keyboard.press("Escape")
    page.wait_for_selector("#span-panel >> text=Choose a span")
    assert "span=" not in page.url
    assert page.locator("#way .is-chosen").count() == 0
