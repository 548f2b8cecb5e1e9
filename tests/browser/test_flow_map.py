"""The map of a flow in a real browser: by keyboard, live, on a phone, to the board."""

import pytest

from dashboards import flow_map_picture
from slatrack.tracking import flows
from tests.dashboards.recorded import record, save_flow, step_span, trade
from tests.trades import DOCUMENT

pytestmark = pytest.mark.servers

FLOW = "/flows/trade-reporting/"
LIVE = "#live[data-state=live]"
AT = "document.activeElement.dataset.step ?? document.activeElement.dataset.to"
ARCHIVED = "  - {step: archived, optional: true, match: {service: archive}, after: [enriched]}\n"
FORK = DOCUMENT.replace("deadlines:", f"{ARCHIVED}deadlines:")


@pytest.fixture
def flow_page(page):
    flow_map_picture.forget()
    save_flow(FORK)
    trade("T-1", "received", "accepted", ago=30)
    page.goto(FLOW)
    page.wait_for_selector(LIVE)
    return page


def test_arrows_go_along_the_map_and_enter_lists_the_events(flow_page):
    flow_page.focus("[data-map=across] [data-step=received]")

    def press(*keys):
        for key in keys:
            flow_page.keyboard.press(key)
        return flow_page.evaluate(AT)

    assert press("ArrowRight") == "accepted"
    assert press("ArrowRight") == "accepted"
    assert press("ArrowRight", "ArrowRight", "ArrowRight") == "reported"
    assert press("ArrowDown") == "archived"
    assert press("ArrowRight", "ArrowUp") == "reported"
    assert press("ArrowUp") == "reported", "there is nothing above"
    assert press("Home") == "received"
    assert press("End") == "archived"
    assert flow_page.locator("[data-map=across] a[tabindex='0']").count() == 1
    press("Home", "ArrowRight", "ArrowRight")
    flow_page.keyboard.press("Enter")
    flow_page.wait_for_url("**/?flow=trade-reporting&step=accepted")
    flow_page.wait_for_selector("#board >> text=T-1")


def test_numbers_move_while_the_focus_stays(flow_page):
    flow_page.focus("[data-map=across] [data-step=accepted]")
    label = "() => document.activeElement.getAttribute('aria-label')"
    assert ": 1 event here" in flow_page.evaluate(label)

    trade("T-2", "received", "accepted", ago=10)

    flow_page.wait_for_selector("[data-map=across] [data-step=accepted] >> text=2 here")
    assert ": 2 events here" in flow_page.evaluate(label)
    assert flow_page.locator("[data-map=across] a[tabindex='0']").count() == 1


def test_the_table_has_the_same_numbers_and_follows(flow_page):
    flow_page.click("#map-table-of >> summary")
    row = "#map-table tr:has(th:has-text('accepted')) >> nth=0"
    assert flow_page.locator(row).locator("td").nth(1).inner_text() == "1"

    start = trade("T-2", "received", ago=30)
    record(step_span("T-2", "accepted", start))

    flow_page.wait_for_function(
        "() => document.querySelectorAll('#map-table tbody tr')[1].cells[2].textContent === '2'"
    )


def test_on_a_phone_the_way_leads_down(flow_page):
    flow_page.set_viewport_size({"width": 390, "height": 844})

    assert not flow_page.is_visible("[data-map=across]")
    flow_page.focus("[data-map=down] [data-step=received]")
    flow_page.keyboard.press("ArrowDown")
    assert flow_page.evaluate(AT) == "accepted"
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for _ in range(100):  # charts take a moment to follow the window
        if flow_page.evaluate(wide) == 0:
            break
        flow_page.wait_for_timeout(100)
    assert flow_page.evaluate(wide) == 0


def test_a_change_of_the_flow_is_said(flow_page):
    flows.save(DOCUMENT, now=flows.models.Flow.objects.get().changed_at)

    flow_page.click("#flow-changed >> text=Show it as it is now")
    flow_page.wait_for_selector(LIVE)
    assert flow_page.locator("[data-map=across] [data-step=archived]").count() == 0
