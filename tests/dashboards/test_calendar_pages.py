"""Calendars in the browser: what is there, a day closed after its count was seen, rights."""

from datetime import date

import pytest

from dashboards.calendar_year import year
from slatrack.domain.calendars import Calendars
from slatrack.tracking import closures, flows
from slatrack.tracking.models import Closure
from tests.bonds import after
from tests.dashboards.signed_in import client, person
from tests.tracking.test_closures import MONDAY, TRADES

pytestmark = pytest.mark.django_db

CLOSE = "/calendars/XNYS/close"
FIELDS = {"day": "2026-11-23", "reason": "hurricane <b>Ida</b>"}


def test_the_list_says_how_far_each_is_known_and_who_rests_on_it():
    flows.save(TRADES, now=after(-86400))
    page = client("viewer").get("/calendars/").content.decode()
    assert page.count("2018-01-01 to 2032-12-31") >= 17
    assert "next business day" in page
    assert "time zones of tzdata 20" in page


def test_a_year_shows_holidays_half_days_and_hours():
    page = client("viewer").get("/calendars/XNYS/2026").content.decode()
    assert "Thursday 26 November, closed, Thanksgiving Day" in page
    assert "Friday 27 November, half day, Day after Thanksgiving Day, 09:30-13:00" in page
    assert "251 open days" in page


def test_every_shipped_calendar_has_every_year_it_knows():
    known = Calendars.shipped()
    for code in sorted(known.codes):
        first, last = known.horizon(code)
        found = year(known, code, last.year, {})
        assert len(found.months) == 12
        assert 240 <= found.open_days <= 262, (code, first)


def test_beyond_its_end_the_last_year_is_shown():
    page = client("viewer").get("/calendars/XNYS/2099").content.decode()
    assert "New York Stock Exchange, 2032" in page


def test_a_day_is_closed_only_after_its_count_was_seen():
    browser = client("author")
    asked = browser.post(CLOSE, {**FIELDS, "do": "look"}).content.decode()
    assert "0 events with open deadlines" in asked
    assert not Closure.objects.exists()

    answer = browser.post(CLOSE, {**FIELDS, "do": "save"}, follow=True)
    page = answer.content.decode()
    assert "XNYS is closed on 2026-11-23; 0 events with open deadlines" in page
    assert "hurricane &lt;b&gt;Ida" in page
    assert "<b>Ida" not in page
    [row] = Closure.objects.all()
    assert (row.day, row.added_by.username) == (MONDAY, "author")


def test_a_closed_day_is_opened_again_with_a_reason():
    closures.add("XNYS", MONDAY, "hurricane", by=person("admin"), now=after(0))
    [row] = Closure.objects.all()
    address, browser = f"/calendars/XNYS/closures/{row.pk}/withdraw", client("author")
    assert "Open XNYS again on Monday 2026-11-23?" in browser.post(address).content.decode()

    assert browser.post(address, {"do": "save", "reason": " "}).status_code == 422
    page = browser.post(address, {"do": "save", "reason": "it passed"}, follow=True)
    assert "opened again by author" in page.content.decode()
    assert closures.in_force() == {}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"day": "tomorrow", "reason": "x"}, "is no date: write 2026-12-24"),
        ({"day": "2026-11-26", "reason": "x"}, "is closed already: Thanksgiving Day"),
        ({"day": "2026-11-23", "reason": ""}, "reason: say why"),
    ],
)
def test_what_is_wrong_is_said(fields, problem):
    answer = client("author").post(CLOSE, fields)
    assert answer.status_code == 422
    assert problem in answer.content.decode()


@pytest.mark.parametrize(("role", "status"), [("", 403), ("viewer", 403), ("operator", 403)])
def test_only_authors_close_days(role, status):
    assert client(role).post(CLOSE, {**FIELDS, "do": "save"}).status_code == status
    assert not Closure.objects.exists()


def test_who_may_not_see_rules_sees_no_calendars():
    browser = client("")
    assert browser.get("/calendars/").status_code == 403
    assert browser.get("/calendars/XNYS").status_code == 403


@pytest.mark.parametrize("address", ["/calendars/XXXX", "/calendars/XXXX/2026"])
def test_there_must_be_such_a_calendar(address):
    assert client("viewer").get(address).status_code == 404


def test_a_closure_of_another_calendar_is_not_found():
    closures.add("XLON", MONDAY, "strike", by=None, now=after(0))
    address = f"/calendars/XNYS/closures/{Closure.objects.get().pk}/withdraw"
    assert client("author").post(address, {"do": "save", "reason": "x"}).status_code == 404


def test_an_operator_s_day_is_told_apart():
    known = Calendars.shipped().with_closures({"XNYS": {MONDAY: "hurricane"}})
    closed = {MONDAY: Closure(day=MONDAY, reason="hurricane")}
    [day] = [one for one in year(known, "XNYS", 2026, closed).unusual if one.day == MONDAY]
    assert (day.state, day.word, day.reason) == ("operator", "closed here", "hurricane")
    assert year(known, "XNYS", 2026, closed).open_days == 250
    assert date(2026, 11, 26) in [one.day for one in year(known, "XNYS", 2026, closed).unusual]
