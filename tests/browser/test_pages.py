"""Pages in a real browser: they keep to our policy and to the screen, and their parts work."""

import pytest
from django.utils import timezone

from slatrack.alerting.models import Channel, Incident
from slatrack.tracking import flows
from slatrack.tracking.models import SetAside
from slatrack.tracking.recorder import record
from tests.dashboards.incidents import incident
from tests.dashboards.signed_in import client
from tests.factories import NOON, minutes
from tests.trades import DOCUMENT, trade

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

FLOW = "/flows/trade-reporting/"
HOSTILE = "<img src=x onerror=alert(1)>"
WIDTHS = {"desk": 1440, "phone": 390}
CUT_OFF = """[...document.querySelectorAll("table:not(.diff)")]
    .filter((one) => one.offsetParent && one.offsetWidth > one.parentElement.clientWidth)
    .map((one) => one.textContent.trim().slice(0, 80))"""


@pytest.fixture
def admin(page, site):
    """The page, with an administrator signed in and one of everything to look at."""
    flows.save(DOCUMENT, now=timezone.now() - minutes(60))
    record(trade(HOSTILE), now=NOON + minutes(1))
    Channel.objects.create(name="desk", kind="email", config={"to": ["a@b.c"]}, created_at=NOON)
    SetAside.objects.create(source="http", reason=HOSTILE, size=1, data=b"x", at=NOON)
    key = client("admin").cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": key, "url": site}])
    return page


@pytest.mark.parametrize(("screen", "theme"), [("desk", "light"), ("phone", "dark")])
def test_every_page_keeps_to_the_policy_and_to_the_screen(admin, screen, theme):
    row = incident()
    admin.set_viewport_size({"width": WIDTHS[screen], "height": 800})
    admin.emulate_media(color_scheme=theme)

    for address in [
        "/flows/",
        FLOW,
        f"{FLOW}edit",
        f"{FLOW}versions/1",
        f"{FLOW}new-deadline",
        "/rules/",
        "/alerts/",
        f"/alerts/incidents/{row.pk}",
        "/channels/",
        f"/channels/{Channel.objects.get().pk}",
        "/channels/new/webhook",
        "/set-aside/",
        f"/set-aside/{SetAside.objects.get().pk}",
        "/health/",
        "/first-run/",
    ]:
        admin.goto(address)
        admin.wait_for_load_state("networkidle")
        wide = admin.evaluate("document.documentElement.scrollWidth")
        assert wide <= WIDTHS[screen], address
        assert admin.evaluate(CUT_OFF) == [], address


def test_charts_are_drawn_and_redrawn_in_the_other_theme(admin):
    admin.goto(f"{FLOW}?range=7d")
    admin.wait_for_selector(".chart.is-drawn .main-svg")

    before = admin.eval_on_selector(".chart .ytick text", "e => getComputedStyle(e).fill")
    admin.evaluate("document.documentElement.dataset.theme = 'dark'")
    admin.wait_for_function(
        "before => getComputedStyle(document.querySelector('.chart .ytick text')).fill !== before",
        arg=before,
    )

    assert admin.locator(".chart.is-drawn").count() == 3


def test_the_documentation_of_the_api_works_under_our_policy(admin):
    admin.goto("/api/docs")

    admin.wait_for_selector(".opblock")


def test_a_wrong_line_is_shown_and_selected(admin):
    admin.goto(f"{FLOW}edit")
    admin.fill("#document", DOCUMENT.replace("PT15M", "soon"))
    admin.click("button[value=check]")
    admin.wait_for_selector(".problems [data-line]")

    admin.click(".problems [data-line]")

    selected = admin.evaluate(
        "(() => { const a = document.querySelector('#document');"
        " return a.value.slice(a.selectionStart, a.selectionEnd); })()"
    )
    assert "soon" in selected
    assert admin.locator(".gutter b").count() == 1
    admin.evaluate("document.querySelector('#document').value = ''")
    admin.fill("#document", admin.evaluate("document.querySelector('#document').defaultValue"))


def test_the_sentence_of_a_deadline_follows_the_form(admin):
    admin.goto(f"{FLOW}new-deadline")
    admin.fill("#id_name", "quickly")
    admin.fill("#id_amount", "7 min")
    admin.press("#id_amount", "Tab")

    admin.wait_for_selector(".sentence:has-text('within 7 min of ingress')")

    assert not admin.is_visible("#id_rule")
    admin.check("input[name=shape][value=document]")
    assert admin.is_visible("#id_rule")
    assert not admin.is_visible("#id_amount")


def test_one_tap_acknowledges_on_the_phone(admin):
    incident()
    admin.set_viewport_size({"width": 390, "height": 800})
    admin.goto("/alerts/")

    admin.click(".incident button")
    admin.wait_for_selector("text=1 incident acknowledged.")

    assert Incident.objects.get().owner.username == "admin"


def test_the_keyboard_acknowledges_the_row_one_is_at(admin):
    incident(step="one", last_at=NOON + minutes(2))
    incident(step="two", last_at=NOON + minutes(1))
    admin.goto("/alerts/")

    for key in ("j", "j", "a"):
        admin.keyboard.press(key)
    admin.wait_for_selector("text=1 incident acknowledged.")

    assert Incident.objects.get(state="acknowledged").step == "two"


def test_a_new_incident_comes_into_an_open_list_and_can_be_chosen(admin):
    admin.goto("/alerts/")
    admin.wait_for_selector("#live[data-state=live]")
    admin.wait_for_selector("text=Nothing needs you now.")
    incident()
    admin.wait_for_selector(".incidents li")
    admin.check("[data-all]")
    admin.wait_for_selector("text=1 chosen")
    admin.check("input[name=incident]")


def test_a_list_in_which_somebody_chooses_stays_as_it_is(admin):
    incident(step="one")
    admin.goto("/alerts/")
    admin.wait_for_selector("#live[data-state=live]")
    admin.check("input[name=incident]")
    incident(step="two")
    admin.wait_for_selector("#open-alerts >> text=2")
    assert admin.locator("input[name=incident]:checked").count() == 1
    assert admin.locator("input[name=incident]").count() == 1


def test_who_is_at_a_row_stays_there_when_a_new_incident_opens(admin):
    first = incident(step="one")
    admin.goto("/alerts/")
    admin.wait_for_selector("#live[data-state=live]")
    admin.keyboard.press("j")
    incident(step="two")
    admin.wait_for_selector("#open-alerts >> text=2")
    admin.keyboard.press("a")
    admin.wait_for_selector("text=1 incident acknowledged.")
    assert Incident.objects.get(state="acknowledged").pk == first.pk


def test_a_press_during_which_the_list_comes_anew_opens_what_was_pressed(admin):
    first = incident(step="one")
    admin.goto("/alerts/")
    admin.wait_for_selector("#live[data-state=live]")
    held = []
    admin.route("**/alerts/", lambda route: held.append(route))
    with admin.expect_request("**/alerts/"):
        incident(step="two")
    admin.hover(f"#incident-{first.pk} a")
    admin.mouse.down()
    with admin.expect_response("**/alerts/"):
        held[0].continue_()
    admin.mouse.up()
    admin.wait_for_url(f"**/alerts/incidents/{first.pk}")


def test_times_of_a_list_drawn_anew_are_in_the_persons_zone_and_the_title_keeps_its_count(admin):
    admin.goto("/alerts/")
    admin.wait_for_selector("#live[data-state=live]")
    incident()
    admin.wait_for_selector("#open-alerts >> text=1")
    admin.wait_for_selector(".incidents li")
    shown = admin.locator(".incidents time").first
    shown.hover()
    assert "ago" in shown.get_attribute("title")
    assert admin.title().startswith("(1)")
