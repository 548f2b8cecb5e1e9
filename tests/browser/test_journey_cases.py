"""The page of each hard case: within our policy, wide and narrow, light and dark.

With SLATRACK_TEST_PICTURES=FOLDER each is taken as pictures to look at.
"""

import pytest
from django.urls import reverse

from tests import journey_cases
from tests.browser.pictures import LOOKS, look, shot, too_wide

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

LIVE = "#live[data-state=live]"


DRAWN_ANEW = """async () => {
  const place = document.querySelector("#touched");
  const drawn = new DOMParser().parseFromString(place.innerHTML, "text/html").body;
  drawn.querySelectorAll(".list .list").forEach((inner) => inner.remove());
  drawn.querySelectorAll("details").forEach((one) => one.removeAttribute("open"));
  const journey = document.querySelector("script[src$='dashboards/journey.js']").src;
  const { patch } = await import(journey.replace("journey.js", "patch.js"));
  patch({ rows: {}, order: {}, parts: { touched: drawn.innerHTML } });
}"""


@pytest.mark.parametrize("case", journey_cases.CASES)
def test_a_hard_case_is_shown_whole(page, case):
    journey_cases.save()
    key, flow = journey_cases.CASES[case](), journey_cases.FLOWS.get(case, journey_cases.FLOW)
    for name in LOOKS:
        look(page, name)
        page.goto(f"{reverse('journey', args=[flow, key])}?all=1")
        page.wait_for_selector(LIVE)
        shot(page, f"{case}-{name}")
        assert too_wide(page) == 0


def test_an_event_is_compared_with_a_typical_one(page):
    journey_cases.save()
    key = journey_cases.slower_than_usual()
    page.goto(f"/flows/{journey_cases.FLOW}/journeys/{key}")
    page.wait_for_selector(LIVE)

    page.click("#tab a >> text=Compare")
    page.wait_for_selector("text=Most was added by waiting from published to settled")
    assert "tab=compare" in page.url
    for name in LOOKS:
        look(page, name)
        shot(page, f"compare-{name}")

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
