"""Discovery in a real browser: what is proposed, what drifted, a flow's map with its table."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboards import flow_map_picture
from slatrack.tracking import discovering, drifting, flows
from tests.browser.pictures import LOOKS, look, shot, too_wide
from tests.dashboards.recorded import save_flow, trade
from tests.dashboards.signed_in import client
from tests.domain.discovery.world import World
from tests.tracking.test_discovering import clock, park
from tests.tracking.test_drifting import LATER, NOON, trades
from tests.trades import DOCUMENT

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]
LIVE = "#live[data-state=live]"


@pytest.fixture
def author(page, site):
    key = client("author").cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": key, "url": site}])
    return page


def pictures(page, name):
    for one in LOOKS:
        look(page, one)
        page.wait_for_timeout(400)  # charts follow the window
        shot(page, f"{name}-{one}")
        assert too_wide(page) == 0


def test_a_proposal_becomes_a_flow_in_the_editor(author):
    park(World(events=40, noise=60, skips=0.2))
    discovering.look_now(clock=clock)
    author.goto("/discover/")
    pictures(author, "discover")

    author.click("details summary >> text=Steps, shares and times")
    pictures(author, "discover-open")
    look(author, "light")
    author.click("text=Make this flow >> nth=0")

    author.wait_for_selector("textarea >> nth=0")
    assert "order.id" in author.input_value("textarea >> nth=0")
    pictures(author, "discover-editor")


def test_a_flow_that_changed_says_so_with_its_map_and_table(author):
    flow_map_picture.forget()
    flows.save(DOCUMENT.split("deadlines:")[0], now=NOON)
    trades(range(30))
    trades(range(30, 50), audited=True)
    drifting.look("trade-reporting", now=LATER)
    save_flow(DOCUMENT, now=datetime.now(UTC) - timedelta(hours=1))
    for number in range(7):
        trade(f"N-{number}", "received", "accepted", *["enriched"] * (number % 2), ago=20 + number)
    author.goto("/flows/trade-reporting/")
    author.wait_for_selector(LIVE)
    assert author.locator("text=New: auditor, consumer trades.accepted").count() == 1

    author.click("#map-table-of >> summary")
    pictures(author, "flow-drift-map-table")
