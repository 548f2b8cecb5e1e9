"""Every page against WCAG 2.2 AA, as far as axe can tell: full, empty and wrong, light and dark."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboards import flow_map_picture
from slatrack.alerting.models import Channel
from slatrack.tracking.models import SetAside
from slatrack.tracking.watcher import settle_due
from tests.browser.tour import PAGES
from tests.dashboards.incidents import incident
from tests.dashboards.recorded import record, save_flow, step_span, trade
from tests.dashboards.signed_in import client
from tests.dashboards.tried import tried
from tests.factories import NOON
from tests.otlp.build import failed

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

axe = pytest.importorskip("axe_playwright_python.sync_playwright")  # not in test.lock
FLOW = "/flows/trade-reporting/"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
NOT_THERE = {"demo"}  # a page of the demo's own process


@pytest.fixture(params=["light", "dark"])
def person(request, browser, site):
    """A page on which an administrator is signed in, in one of the themes."""
    flow_map_picture.forget()
    context = browser.new_context(base_url=site, color_scheme=request.param, locale="en-GB")
    key = client("admin").cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": site}])
    yield context.new_page()
    context.close()


def violations(page, address):
    """Return what axe says of a page, one line for each place."""
    page.goto(address)
    page.wait_for_load_state("load")
    return said(page, address)


def said(page, address):
    found = axe.Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{address}: {one['id']}: {node['html'][:150]}" for one in found for node in one["nodes"]
    ]


def everything():
    """Make one of everything that pages show; return the addresses that lead to it."""
    save_flow(now=datetime.now(UTC) - timedelta(hours=2))
    trade("T-DONE", ago=120)
    trade("T-LATE", "received", "accepted", ago=1200)
    trade("T-SOON", "received", "accepted", ago=600)
    start = trade("T-NEW", "received", "accepted", ago=20)
    record(step_span("T-NEW", "enriched", start, after=5, status=failed("no route")))
    settle_due(now=datetime.now(UTC))
    told = incident()
    channel = Channel.objects.create(
        name="desk", kind="email", config={"to": ["a@b.example"]}, created_at=NOON
    )
    aside = SetAside.objects.create(source="http", reason="no spans", size=1, data=b"x", at=NOON)
    return [
        FLOW, f"{FLOW}?range=7d", f"{FLOW}edit", f"{FLOW}versions/1", f"{FLOW}new-deadline",
        f"{FLOW}deadlines/report%20within%2015%20minutes/versions",
        f"{FLOW}different", f"{FLOW}different?by=slow", f"{FLOW}different?by=time",
        f"{FLOW}import-deadlines",
        f"{FLOW}journeys/T-DONE", f"{FLOW}journeys/T-LATE", f"{FLOW}journeys/T-NEW",
        f"{FLOW}journeys/T-NEW?tab=raw", f"{FLOW}journeys/T-NEW?tab=attributes",
        "/?flow=trade-reporting&step=accepted&at=waiting",
        f"/alerts/incidents/{told.pk}", f"/channels/{channel.pk}", f"/channels/{channel.pk}/edit",
        f"/set-aside/{aside.pk}", f"/backtests/{tried('PT10S').pk}",
    ]  # fmt: skip


def test_pages_with_something_on_them(person):
    addresses = [*everything(), *(at for name, at in PAGES.items() if name not in NOT_THERE)]

    assert [line for address in addresses for line in violations(person, address)] == []


def test_pages_with_nothing_on_them(person):
    addresses = [address for name, address in PAGES.items() if name not in NOT_THERE]

    assert [line for address in addresses for line in violations(person, address)] == []


def test_pages_that_say_what_is_wrong(person):
    save_flow()
    found = []
    for address, field, button in (
        (f"{FLOW}edit", "#document", "button[value=check]"),
        (f"{FLOW}new-deadline", "#id_name", "main #editor .is-primary"),
        ("/channels/new/webhook", "#id_name", "main form .is-primary"),
    ):
        person.goto(address)
        person.fill(field, "")
        person.eval_on_selector_all("form", "forms => forms.forEach(one => one.noValidate = true)")
        person.click(button)
        person.wait_for_load_state("load")
        found += said(person, f"wrong {address}")

    assert found == []


def test_signing_in(browser, site):
    context = browser.new_context(base_url=site)
    page = context.new_page()
    found = violations(page, "/accounts/sign-in")
    page.fill("[name=username]", "nobody")
    page.fill("[name=password]", "wrong")
    page.click("main button")
    page.wait_for_load_state("load")

    assert [*found, *said(page, "wrong sign-in")] == []
    context.close()
