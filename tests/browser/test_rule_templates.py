"""Templates by the keyboard: type, walk with the arrows, open, begin a deadline."""

import re

import pytest

from tests.dashboards.recorded import save_flow
from tests.dashboards.signed_in import client

expect = pytest.importorskip("playwright.sync_api").expect  # not in test.lock
PAUSE = 300  # milliseconds; the page waits for less between two letters
ANSWERS = re.compile(r"/rules/templates/\?q=")

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shelf(browser, site):
    """The page of templates, opened by an author."""
    context = browser.new_context(base_url=site, locale="en-GB")
    key = client("author").cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": site}])
    page = context.new_page()
    page.goto("/rules/templates/")
    yield page
    context.close()


@pytest.fixture
def held(shelf):
    """Answers to what is typed from now on, which come when they are let go."""
    found = []
    shelf.route(ANSWERS, lambda route: found.append(route))
    return found


def let_go(page, held):
    assert held
    while held:
        with page.expect_response(ANSWERS):
            held.pop(0).continue_()
        page.wait_for_timeout(PAUSE)


def test_what_is_typed_while_an_answer_is_on_its_way_stays(shelf, held):
    shelf.keyboard.press("/")
    shelf.keyboard.type("incident")
    shelf.wait_for_timeout(PAUSE)
    shelf.keyboard.type(" report")
    let_go(shelf, held)
    expect(shelf.locator("#found a")).to_have_count(2)
    expect(shelf.locator("#template-q")).to_have_value("incident report")
    expect(shelf.locator("#template-q")).to_be_focused()


def test_who_walks_on_while_an_answer_is_on_its_way_keeps_the_place(shelf, held):
    shelf.keyboard.press("/")
    shelf.keyboard.type("incident")
    shelf.wait_for_timeout(PAUSE)
    shelf.locator("#found a", has_text="intermediate report").focus()
    let_go(shelf, held)
    expect(shelf.locator("#found a")).to_have_count(3)
    expect(shelf.locator("#found a", has_text="intermediate report")).to_be_focused()


def test_the_keyboard_alone_leads_to_the_editor(shelf):
    save_flow()
    page = shelf
    page.reload()

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
