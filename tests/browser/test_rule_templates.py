"""Templates by the keyboard: type, walk with the arrows, open, begin a deadline."""

import re

import pytest
from playwright.sync_api import expect

from tests.dashboards.recorded import save_flow
from tests.dashboards.signed_in import client

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


def test_the_keyboard_alone_leads_to_the_editor(browser, site):
    save_flow()
    context = browser.new_context(base_url=site, locale="en-GB")
    key = client("author").cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": site}])
    page = context.new_page()
    page.goto("/rules/templates/")

    page.keyboard.press("/")
    page.keyboard.type("incident report")
    expect(page.locator("#found a")).to_have_count(2)
    expect(page.locator("#template-q")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#template")).to_have_text("Major ICT incident, intermediate report: 72 h")
    expect(page.locator("#template-q")).to_have_value("incident report")

    page.get_by_role("button", name="Begin a deadline with it").press("Enter")
    expect(page).to_have_url(re.compile(r"new-deadline\?template=dora-intermediate-72-hours"))
    expect(page.locator(".sentence")).to_contain_text("within 72 h of the event's initial_sent")
    context.close()
