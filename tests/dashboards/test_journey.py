"""The page of one journey, on journeys that the recorder made."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from dashboards import usual
from dashboards.journey_data import look
from dashboards.journey_words import head
from dashboards.step_stations import stations
from dashboards.way import way
from tests import journey_cases
from tests.dashboards.recorded import ids, record, save_flow, step_span, trade
from tests.dashboards.signed_in import client

pytestmark = pytest.mark.django_db

PAGE = "/flows/trade-reporting/journeys/"
HOSTILE = "<img src=x onerror=alert(1)>\"'{{7*7}}</script>"


@pytest.fixture(autouse=True)
def _flow():
    save_flow()
    usual.forget()


def data(key: str, now: datetime | None = None):
    found = look("trade-reporting", key, now=now or datetime.now(UTC))
    assert found is not None
    return found


def said(key: str, now: datetime | None = None) -> str:
    return head(data(key, now), {}, now=now or datetime.now(UTC)).sentence


def lines(key: str, **options: bool) -> list[tuple[str, str]]:
    drawn = way(data(key), now=datetime.now(UTC), **options)
    return [(line.kind, line.title) for line in drawn.lines]


def page(key: str, query: str = "", role: str = "viewer", **headers: str) -> str:
    answer = client(role).get(f"{PAGE}{key}{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_in_flight_it_says_how_much_time_is_left_and_where_it_waits():
    start = trade("T-1", "received", "accepted", ago=285)
    sentence = said("T-1", now=start + timedelta(seconds=285.5))
    assert sentence == (
        "Due in 10 min 14 s. It left accepted 4 min 45 s ago and has not been seen since."
    )


def test_done_in_time_it_says_how_much_was_to_spare():
    trade("T-1", ago=120)
    assert said("T-1") == "On time, 13 min 59 s to spare. It took 1 min 1 s over 4 steps."


def test_done_late_it_says_by_how_much():
    start = trade("T-1", "received", "accepted", "enriched", ago=1800)
    record(step_span("T-1", "reported", start, after=1151))
    assert said("T-1").startswith("Late by 4 min 12 s.")


def test_stuck_names_what_is_usual():
    trade("T-1", "received", "accepted", ago=300)
    found = data("T-1")
    known = {(found.row.flow_id, "accepted", False): timedelta(seconds=4)}
    sentence = head(found, known, now=datetime.now(UTC)).sentence
    assert "is stuck after accepted, which it left" in sentence
    assert sentence.endswith("where the next sign usually comes within 4 s.")


def test_a_failure_names_its_exception():
    start = trade("T-1", "received", "accepted")
    service, span = step_span(
        "T-1", "enriched", start, status=Status(code=Status.STATUS_CODE_ERROR, message="late")
    )
    event = Span.Event(time_unix_nano=span.end_time_unix_nano, name="exception")
    for name, value in {"exception.type": "TimeoutError", "exception.message": HOSTILE}.items():
        attribute = event.attributes.add(key=name)
        attribute.value.string_value = value
    span.events.append(event)
    record((service, span))
    assert "It failed in enriched: TimeoutError: <img" in said("T-1")
    html = page("T-1", f"?span={span.span_id.hex()}")
    assert "exception.message" in html
    assert "<img src=x" not in html


def test_steps_are_stations_seen_or_not():
    trade("T-1", "received", "enriched")
    found = {one.step: (one.state, one.note) for one in stations(data("T-1"))}
    assert found["received"][0] == "passed"
    assert found["accepted"] == ("missing", "no span of it")
    assert found["enriched"][0] == "here"
    assert found["reported"][0] == "ahead"


def test_attempts_are_counted():
    start = trade("T-1", "received", "accepted")
    bad = Status(code=Status.STATUS_CODE_ERROR)
    for number in range(2):
        span_id = ids(f"try {number}", 8)
        record(step_span("T-1", "enriched", start, after=number, span_id=span_id, status=bad))
    record(step_span("T-1", "enriched", start))
    [note] = [one.note for one in stations(data("T-1")) if one.step == "enriched"]
    assert note == "3 attempts"


def test_one_drawing_over_all_traces_with_waits_and_holes():
    start = trade("T-1", "received", "accepted")
    record(step_span("T-1", "enriched", start, trace_id=ids("another", 16)))
    kinds = lines("T-1")
    assert [kind for kind, _ in kinds].count("trace") == 2
    assert ("waiting", "trades.accepted") in kinds
    assert kinds[-1] == ("hole", "reported")


def test_a_request_shared_by_many_says_so():
    start = datetime.now(UTC) - timedelta(seconds=60)
    keys = [f"T-{number}" for number in range(100)]
    record(step_span(keys, "received", start))
    assert "shared by 100" in page("T-7")


def test_one_span_is_a_journey():
    trade("T-1", "received")
    assert "1 span in 1 trace" in page("T-1")


def test_of_many_spans_only_the_steps_are_drawn_until_asked_for():
    start = trade("T-1")
    inner = [
        step_span("T-1", "received", start, kind=1, name=f"inner {n}", span_id=ids(f"i{n}", 8))
        for n in range(300)
    ]
    record(*inner)
    assert len([1 for kind, _ in lines("T-1") if kind == "working"]) == 4
    assert len([1 for kind, _ in lines("T-1", whole=True) if kind == "working"]) == 304
    assert "show all 304" in page("T-1")


def test_a_parent_that_never_came_is_told():
    start = datetime.now(UTC) - timedelta(seconds=60)
    record(step_span("T-1", "received", start, parent_span_id=ids("never", 8)))
    assert "Incomplete" in page("T-1")


def test_a_link_that_may_have_been_dropped_is_told_with_what_to_set():
    journey_cases.save()
    key = journey_cases.links_dropped()
    found = look(journey_cases.FLOW, key, now=datetime.now(UTC))
    [note] = head(found, {}, now=datetime.now(UTC)).notes
    assert note.startswith("Incomplete: settlement-sink's span 'trades.enriched process' at ")
    assert "left out 2 of its links" in note
    assert "OTEL_SPAN_LINK_COUNT_LIMIT" in note


def test_spans_that_are_each_others_parents_are_drawn_once():
    start = datetime.now(UTC) - timedelta(seconds=60)
    a, b = ids("a", 8), ids("b", 8)
    record(
        step_span("T-1", "received", start, span_id=a, parent_span_id=b),
        step_span("T-1", "accepted", start, span_id=b, parent_span_id=a),
    )
    assert len([1 for kind, _ in lines("T-1") if kind == "working"]) == 2


@pytest.mark.parametrize("tab", ["spans", "attributes", "table", "raw", "else"])
def test_hostile_names_stay_text_on_every_tab(tab):
    start = datetime.now(UTC) - timedelta(seconds=60)
    spoiled = {"asset.class": HOSTILE, HOSTILE: HOSTILE}
    record(step_span(HOSTILE, "received", start, name=HOSTILE, attributes=spoiled))
    span_id = ids(f"received {HOSTILE}", 8).hex()
    browser = client("viewer")
    found = browser.get("/search", {"q": HOSTILE})["Location"]
    html = browser.get(f"{found}?tab={tab}&span={span_id}").content.decode()
    assert "<img src=x" not in html
    assert html.count("&lt;img src=x") > 3


def test_parts_are_given_alone_to_htmx():
    trade("T-1")
    span_id = ids("enriched T-1", 8).hex()
    part = page("T-1", f"?span={span_id}", **{"HX-Request": "true", "HX-Target": "span-panel"})
    assert part.lstrip().startswith("<section")
    assert "trades.accepted p3 @ 88213" in part
    tab = page("T-1", "?tab=table", "operator", **{"HX-Request": "true", "HX-Target": "tab"})
    assert tab.lstrip().startswith("<nav")


def test_the_export_holds_journey_spans_and_flips():
    trade("T-1")
    answer = client("viewer").get(f"{PAGE}T-1?export=json")
    assert answer["Content-Disposition"] == 'attachment; filename="trade-reporting-t-1.json"'
    known = json.loads(answer.content)
    assert known["journey"]["status"] == "done"
    assert len(known["spans"]) == 4
    [flip] = known["flips"]
    said = ("about", "deadline", "version", "before", "after", "reason")
    assert tuple(flip[name] for name in said) == (
        "verdict", "report within 15 minutes", 1, "waiting", "met", "",
    )  # fmt: skip
    [judged] = known["journey"]["deadlines"]
    assert (flip["at"], flip["watermark"]) == (judged["reached_at"], judged["watermark"])
    assert flip["recorded_at"] >= flip["watermark"]


def test_an_unknown_key_is_not_found_and_says_so():
    answer = client("viewer").get(f"{PAGE}T-9")
    assert answer.status_code == 404
    assert "No event of this flow with this key" in answer.content.decode()


def test_without_the_right_there_is_no_page():
    trade("T-1")
    assert client("").get(f"{PAGE}T-1").status_code == 403


def test_usual_lengths_come_from_the_events_that_are_done():
    for number in range(3):
        trade(f"T-{number}")
    found = usual.read()
    flow_id = data("T-1").row.flow_id
    unseen = 9.89 + 2  # until the next step has ended, for its span comes only then
    assert found[flow_id, "accepted", False].total_seconds() == pytest.approx(unseen, abs=0.01)
    assert found[flow_id, "enriched", True].total_seconds() == pytest.approx(2, abs=0.01)
