"""The live board as a page."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from dashboards import board_picture, dear
from dashboards.board_filter import BoardFilter, read
from dashboards.queries_board import lanes
from dashboards.queries_strip import strip
from dashboards.standing import standing
from tests import factories
from tests.dashboards.signed_in import client

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
HOSTILE = "<img src=x onerror=alert(1)>\"'{{7*7}}</script>"


@pytest.fixture(autouse=True)
def _afresh():
    board_picture.forget()


def event(key: str, left: float = 10, **fields: object):
    """A journey with `left` minutes left of fifteen, warned of three minutes before the end."""
    due = NOW + timedelta(minutes=left)
    times = {"started_at": due - timedelta(minutes=15), "step_at": NOW, "due_at": due}
    return factories.journey(
        **{"key": key, **times, "warn_at": due - timedelta(minutes=3), **fields}
    )


def shown(**chosen: object) -> dict[str, list[str]]:
    found = lanes(BoardFilter(**chosen), {}, now=NOW)
    return {lane.name: [row.key for row in lane.rows] for lane in found}


def test_lanes_are_sorted_by_time_left():
    event("calm", 10), event("calmer", 14), event("close", 2), event("closer", 1)
    event("gone", -3, verdict="missed"), event("broken", 9, status="failed")
    event("none", due_at=None, warn_at=None, verdict="")
    event("just", ended_at=NOW, status="done", verdict="met")
    event("before", ended_at=NOW - timedelta(minutes=2), status="done", verdict="met")
    event("lost", -90, status="lost", verdict="missed")
    assert shown() == {
        "missed": ["gone"],
        "failed": ["broken"],
        "due_soon": ["closer", "close"],
        "on_track": ["calm", "calmer", "none"],
        "done": ["just"],
    }


def test_an_event_says_how_those_that_it_split_into_stand():
    counted = {"done": 37, "in_flight": 1, "failed": 1, "expected": 40}
    event("O1", children=counted), event("whole")
    page = client("viewer").get("/").content.decode()
    assert page.count("37 of 40 done, 1 failed") == 1


def test_counts_are_exact_beyond_what_is_shown():
    factories.Journey.objects.bulk_create(
        factories.new_journey(due_at=NOW + timedelta(minutes=9), warn_at=None) for _ in range(205)
    )
    [lane] = lanes(BoardFilter(), {}, now=NOW)
    assert (lane.count, len(lane.rows), lane.more) == (205, 25, 180)
    [whole] = lanes(BoardFilter(lane="on_track", page=3), {}, now=NOW)
    assert (whole.count, len(whole.rows), whole.page, whole.pages) == (205, 5, 3, 3)
    [beyond] = lanes(BoardFilter(lane="on_track", page=99), {}, now=NOW)
    assert beyond.page == 3


def test_counts_of_very_many_are_kept_for_a_moment_while_rows_are_as_they_are(monkeypatch):
    monkeypatch.setattr(dear, "LEAST", 0.0)
    monkeypatch.setattr(dear, "VERY_MANY", 2)
    monkeypatch.setattr(dear, "TIMES", 1e9)
    event("calm", 10), event("calmer", 14)
    assert [lane.count for lane in lanes(BoardFilter(), {}, now=NOW)] == [2]

    event("hurried", 9), event("late", -3, verdict="missed")
    [lane] = lanes(BoardFilter(), {}, now=NOW)
    assert [row.key for row in lane.rows] == ["hurried", "calm", "calmer"]
    assert (lane.count, lane.more) == (3, 0)

    dear.forget()
    assert shown() == {"missed": ["late"], "on_track": ["hurried", "calm", "calmer"]}


def test_filters():
    event("A-1", attributes={"asset.class": "equity"})
    event("A-2", 11, attributes={"asset.class": "swap"}, flow=factories.flow("other"))
    event("B-3", 1, attributes={"n": 3})
    assert shown(flow="other") == {"on_track": ["A-2"]}
    assert shown(attribute="asset.class", value="equity") == {"on_track": ["A-1"]}
    assert shown(attribute="n", value="3") == {"due_soon": ["B-3"]}
    assert shown(q="a-") == {"on_track": ["A-1", "A-2"]}
    assert shown(show="at_risk") == {"due_soon": ["B-3"]}


def test_stuck_is_much_longer_than_usual():
    row = event("slow", step="accepted", step_at=NOW - timedelta(minutes=4), working=False)
    event("quick", step="accepted", step_at=NOW - timedelta(seconds=30), working=False)
    usual = {(row.flow_id, "accepted", False): timedelta(seconds=10)}
    [lane] = lanes(BoardFilter(show="stuck"), usual, now=NOW)
    assert [one.key for one in lane.rows] == ["slow"]
    assert lanes(BoardFilter(show="stuck"), {}, now=NOW) == []


@pytest.mark.parametrize(
    "query",
    ["flow=x&show=stuck", "attr=a%3Db%3Dc", "q=%3Cb%3E&lane=missed&page=3", "", "show=at_risk"],
)
def test_the_address_holds_the_whole_filter(query):
    chosen = read(query)
    assert read(chosen.query) == chosen


@pytest.mark.parametrize("query", ["page=-1", "page=x", "page=99999999", "lane=else", "a&b", "\0"])
def test_what_an_address_should_not_say_is_left_out(query):
    assert read(query).query == ""


def test_the_next_hour_by_the_minute():
    now = NOW.replace(second=0, microsecond=0)
    for left in (0.5, 0.6, 5.5, 59.5, 61):
        due = now + timedelta(minutes=left)
        factories.journey(due_at=due, warn_at=due - timedelta(minutes=3))
    found = strip(now=now)
    assert (found.on_track, found.at_risk) == (2, 2)
    counts = {n: (bar.on_track, bar.at_risk) for n, bar in enumerate(found.bars)}
    there = {n: pair for n, pair in counts.items() if any(pair)}
    assert there == {0: (0, 2), 5: (1, 0), 59: (1, 0)}
    assert not found.close
    assert [mark - found.bars[0].at for mark in found.marks][-1] == timedelta(hours=1)


def test_the_strip_looks_closer_while_all_is_due_within_two_minutes():
    now = NOW.replace(second=20, microsecond=0)
    for left in (1, 3, 3.5, 119):
        due = now + timedelta(seconds=left)
        factories.journey(due_at=due, warn_at=due - timedelta(seconds=2))
    found = strip(now=now)
    assert found.close
    assert (found.on_track, found.at_risk) == (3, 1)
    counts = {n: (bar.on_track, bar.at_risk) for n, bar in enumerate(found.bars)}
    assert {n: pair for n, pair in counts.items() if any(pair)} == {
        0: (0, 1),
        1: (2, 0),
        59: (1, 0),
    }
    assert found.ahead == ["20 s", "40 s", "1 min", "1 min 20 s", "1 min 40 s", "2 min"]
    factories.journey(due_at=now + timedelta(minutes=3))
    assert not strip(now=now).close


def test_the_page_shows_rows_tiles_and_the_next_hour():
    row = event("TRD-1")
    factories.deadline(row, version=7)
    html = client("viewer").get("/").content.decode()
    assert f'id="row-{row.pk}"' in html
    assert "report within 15 minutes v7" in html
    assert "Due in the next hour" in html
    assert f'data-until="{int(row.due_at.timestamp() * 1000)}"' in html


def test_hostile_names_stay_text():
    flow = factories.flow("odd", title=HOSTILE)
    event(HOSTILE, flow=flow, step=HOSTILE, deadline=HOSTILE, attributes={HOSTILE: HOSTILE})
    browser = client("viewer")
    asked = {"q": "<img", "attr": f"{HOSTILE}={HOSTILE}"}
    for html in (browser.get("/").content.decode(), browser.get("/", asked).content.decode()):
        assert "<img src=x" not in html
        assert "{{7*7}}&lt;/script&gt;" in html


def test_three_kinds_of_emptiness():
    browser = client("viewer")
    assert "No event has been seen yet" in browser.get("/").content.decode()
    event("TRD-1")
    assert "Nothing in flight matches" in browser.get("/?q=else").content.decode()
    refused = client("").get("/")
    assert refused.status_code == 403
    assert "Your account may not see this page" in refused.content.decode()


def test_a_stranger_is_asked_to_sign_in(client):
    answer = client.get("/?flow=x")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/sign-in?next=")


def test_finding_an_event_by_its_key():
    event("TRD-1"), event("a b/c?d#e")
    browser = client("viewer")
    assert browser.get("/search?q=TRD-1")["Location"] == "/flows/trade-reporting/journeys/TRD-1"
    found = browser.get("/search", {"q": "a b/c?d#e"})["Location"]
    assert found == "/flows/trade-reporting/journeys/a%20b/c%3Fd%23e"
    assert browser.get("/search?q=TRD")["Location"] == "/?q=TRD"
    assert browser.get("/search?q=")["Location"] == "/"


def test_the_board_asks_a_fixed_number_of_questions(django_assert_max_num_queries):
    for number in range(30):
        factories.deadline(event(f"T-{number}", number))
    browser = client("viewer")
    browser.get("/")
    board_picture.forget()
    with django_assert_max_num_queries(26):
        browser.get("/")


def test_the_icon_counts(client):
    assert b">3</text>" in client.get("/favicon.svg?n=3").content
    assert b">99</text>" in client.get("/favicon.svg?n=12345").content
    assert b"<text" not in client.get("/favicon.svg?n=%3Cscript%3E").content


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"left": 10}, "on_track"),
        ({"left": 2}, "due_soon"),
        ({"left": -1}, "overdue"),
        ({"left": -1, "verdict": "unknown"}, "unknown"),
        ({"left": -1, "verdict": "missed"}, "missed"),
        ({"left": -1, "verdict": "missed", "status": "failed"}, "missed"),
        ({"left": 9, "status": "failed"}, "failed"),
        ({"left": 9, "status": "done", "verdict": "met", "ended_at": NOW}, "met"),
        ({"left": -9, "status": "done", "verdict": "missed", "ended_at": NOW}, "late"),
        ({"status": "lost"}, "lost"),
        ({"due_at": None, "warn_at": None, "verdict": ""}, "in_flight"),
    ],
)
def test_the_state_that_a_row_shows(fields, state):
    assert standing(event("T-1", **fields), now=NOW) == state


def test_a_step_of_the_map_narrows_the_board():
    factories.journey(key="T-WAITS", step="accepted")
    factories.journey(key="T-WORKS", step="accepted", working=True)
    factories.journey(key="T-FAILED", step="accepted", status="failed")
    factories.journey(key="T-ELSEWHERE", step="enriched")
    browser = client("viewer")

    def keys(query: str) -> set[str]:
        page = browser.get(f"/?flow=trade-reporting&{query}").content.decode()
        return set(re.findall(r'class="key quiet"[^>]*>([^<]+)<', page))

    assert keys("step=accepted") == {"T-WAITS", "T-WORKS", "T-FAILED"}
    assert keys("step=accepted&at=waiting") == {"T-WAITS"}
    assert keys("step=accepted&at=working") == {"T-WORKS"}
    assert keys("step=accepted&at=made-up") == keys("step=accepted")
    assert keys("at=waiting") == keys("")
