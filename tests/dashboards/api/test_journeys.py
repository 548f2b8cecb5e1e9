import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slatrack.tracking import flows
from slatrack.tracking.recorder import record
from tests.dashboards.signed_in import client
from tests.factories import NOON, deadline, journey, minutes
from tests.trades import DOCUMENT, trade

pytestmark = pytest.mark.django_db

JOURNEYS = "/api/flows/trade-reporting/journeys"
HOSTILE = "<img src=x onerror=alert(1)>/..?a&b=\"'"


@pytest.fixture
def browser():
    return client("viewer")


def keys(answer):
    assert answer.status_code == 200, answer.content
    return [item["key"] for item in answer.json()["items"]]


def test_one_journey_has_the_fields_of_the_interface(browser):
    flows.save(DOCUMENT, now=NOON - minutes(60))
    record(trade("T1"), now=NOON + minutes(1))

    found = browser.get(f"{JOURNEYS}/T1").json()

    wanted = "flow key status complete started_at ended_at steps legs deadlines traces references"
    assert set(wanted.split()) | {"gaps", "spans", "attributes"} <= set(found)
    step = "step service started_at ended_at attempts error bound_by topic partition offset shared"
    assert set(step.split()) <= set(found["steps"][0])
    assert {"from", "to", "waiting_ms", "working_ms", "partial"} <= set(found["legs"][0])
    due = {"deadline", "version", "due_at", "warn_at", "verdict", "reached_at", "reason"}
    assert due <= set(found["deadlines"][0])
    assert found["started_at"] == "2026-11-20T12:00:00.000Z"


def test_its_spans_are_whole(browser):
    flows.save(DOCUMENT, now=NOON - minutes(60))
    record(trade("T1"), now=NOON + minutes(1))

    spans = browser.get(f"{JOURNEYS}/T1/spans").json()["items"]

    assert len(spans) == 4
    assert spans[0]["step"] == "received"
    assert {"trace_id", "span_id", "attributes", "resource", "bound_by"} <= set(spans[0])


def test_a_hostile_key_is_found_by_its_encoded_address(browser):
    flows.save(DOCUMENT, now=NOON - minutes(60))
    record(trade(HOSTILE), now=NOON + minutes(1))

    answer = browser.get(f"{JOURNEYS}/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%2F..%3Fa%26b%3D%22'")

    assert answer.json()["key"] == HOSTILE
    assert answer["Content-Type"].startswith("application/json")


def test_what_is_not_there_is_named(browser):
    flows.save(DOCUMENT, now=NOON)

    answer = browser.get(f"{JOURNEYS}/T404")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert "'T404'" in answer.json()["detail"]
    assert browser.get("/api/flows/nothing/journeys").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["C", "B", "A"]),
        ("status=done", ["A"]),
        ("verdict=missed", ["B"]),
        ("step=written", ["C"]),
        ("since=2026-11-20T12:01:00Z", ["C", "B"]),
        ("until=2026-11-20T12:01:00Z", ["A"]),
        ("since=2026-11-20T13:01:00%2B01:00&until=2026-11-20T12:02:00Z", ["B"]),
        ("q=b", ["B"]),
        ("attr.asset.class=equity", ["A"]),
        ("attr.lots=5", ["B"]),
        ("attr.urgent=true", ["C"]),
        ("attr.asset.class=equity&attr.lots=5", []),
        ("attr.x'%22);DROP TABLE=1", []),
        ("status=done&verdict=missed", []),
    ],
)
def test_filters(browser, query, expected):
    journey(key="A", status="done", verdict="met", attributes={"asset.class": "equity"})
    journey(key="B", verdict="missed", started_at=NOON + minutes(1), attributes={"lots": 5})
    journey(key="C", step="written", started_at=NOON + minutes(2), attributes={"urgent": True})

    assert keys(browser.get(f"{JOURNEYS}?{query}")) == expected


def test_a_list_entry_carries_its_deadlines(browser):
    deadline(journey(key="A"), warnings=["2026-11-20T12:07:30Z"])

    [item] = browser.get(JOURNEYS).json()["items"]

    [due] = item["deadlines"]
    assert due["due_at"] == "2026-11-20T12:15:00.000Z"
    assert due["warn_at"] == "2026-11-20T12:07:30.000Z"
    assert item["flow"] == "trade-reporting"


def test_pages_lead_through_all(browser):
    for number in range(5):
        journey(key=f"T{number}", started_at=NOON + minutes(number))

    first = browser.get(f"{JOURNEYS}?limit=3").json()
    second = browser.get(f"{JOURNEYS}?limit=3&cursor={first['next_cursor']}").json()

    found = [item["key"] for item in first["items"] + second["items"]]
    assert found == ["T4", "T3", "T2", "T1", "T0"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("cursor=made-up", 400, "start again without it"),
        ("status=sleeping", 422, "status"),
        ("since=yesterday", 422, "since"),
        ("since=2026-11-20T12:00:00", 422, "say the time zone"),
        ("limit=100000", 422, "limit"),
    ],
)
def test_a_bad_query_is_refused_with_its_reason(browser, query, status, reason):
    journey()

    answer = browser.get(f"{JOURNEYS}?{query}")

    assert answer.status_code == status
    assert reason in answer.json()["detail"]


def test_a_page_costs_a_fixed_number_of_queries(browser):
    deadline(journey(key="T"))
    browser.get("/api/flows")
    few = queries(browser)

    for number in range(20):
        deadline(journey(key=f"T{number}"))

    assert queries(browser) == few <= 7  # session, user, two of rights, flow, journeys, deadlines


def queries(browser):
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(JOURNEYS).status_code == 200
    return len(asked)


def test_a_list_says_how_the_parts_of_an_event_stand(browser):
    journey(key="O1", children={"done": 2, "cancelled": 1, "expected": 4})
    journey(key="plain")
    items = {item["key"]: item["children"] for item in browser.get(JOURNEYS).json()["items"]}
    assert items["plain"] is None
    assert items["O1"]["sentence"] == "2 of 3 done, 1 cancelled"
    assert (items["O1"]["known"], items["O1"]["expected"]) == (3, 4)
