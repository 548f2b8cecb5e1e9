"""The drawing of a way, line by line, and its equal in words."""

from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from dashboards.journey_data import look
from dashboards.journey_faults import faults
from dashboards.way import way
from slatrack.tracking import evidence
from tests import journey_cases
from tests.dashboards.recorded import ids, record, save_flow, step_span, trade
from tests.dashboards.signed_in import client
from tests.otlp import build

pytestmark = pytest.mark.django_db

PAGE = "/flows/trade-reporting/journeys/"
FAILED = Status(code=Status.STATUS_CODE_ERROR, message="refused by the registry")
HUGE = "x" * 10_000_000


@pytest.fixture(autouse=True)
def _flow():
    save_flow()


def data(key="T-1"):
    return look("trade-reporting", key, now=datetime.now(UTC))


def lines(key="T-1", **options):
    return way(data(key), now=datetime.now(UTC), **options).lines


def page(query="", key="T-1", browser=None, **headers):
    answer = (browser or client("viewer")).get(f"{PAGE}{key}{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_attempts_are_numbered_in_the_order_of_time():
    start = trade("T-1", "received", "accepted")
    for number, status in enumerate([FAILED, FAILED, None]):
        fields = {"status": status} if status else {}
        record(
            step_span(
                "T-1", "enriched", start, after=10 + number, span_id=ids(f"{number}", 8), **fields
            )
        )

    said = [line.text for line in lines() if line.step == "enriched"]

    assert [text.split(", ")[1] for text in said] == [
        "attempt 1 of 3",
        "attempt 2 of 3",
        "attempt 3 of 3",
    ]
    assert [line.error for line in lines() if line.step == "enriched"] == [True, True, False]


def test_records_of_a_step_that_are_messages_of_their_own_are_no_attempts():
    start = trade("T-1", "received", "accepted")
    for number in range(2):
        own = {"messaging.kafka.offset": 70 + number}
        span_id = ids(f"{number}", 8)
        record(step_span("T-1", "enriched", start, after=10, span_id=span_id, attributes=own))

    said = [line.text.split(", ")[1] for line in lines() if line.step == "enriched"]
    assert said == ["record 1 of 2", "record 2 of 2"]


def test_a_shared_span_is_drawn_otherwise_and_says_with_whom():
    record(
        step_span(
            [f"T-{n}" for n in range(30)], "received", datetime.now(UTC) - timedelta(minutes=1)
        )
    )

    [line] = [one for one in lines("T-7") if one.kind == "working"]
    html = page(f"?span={line.span_id}", "T-7")

    assert line.shared == 30
    assert "shared by 30" in line.text
    assert f'href="{PAGE}T-1"' in html
    assert f'href="{PAGE}T-7"' not in html
    assert "and others: the first 20 are named" in html


def test_clocks_that_differ_are_marked_and_no_time_is_altered():
    start = datetime.now(UTC) - timedelta(minutes=1)
    sent, taken = (
        step_span("T-1", "accepted", start, after=5),
        step_span("T-1", "enriched", start, after=4.9),
    )
    record(step_span("T-1", "received", start), sent, taken)

    [skewed] = [line for line in lines() if line.skewed]

    assert "clocks differ by 100 ms or more" in skewed.text
    assert "Clocks differ: enricher is at least 100 ms behind gateway." in page()
    assert [one["start_ns"] for one in data().spans] == sorted(
        span.start_time_unix_nano for _, span in (step_span("T-1", "received", start), sent, taken)
    )


def test_a_silent_side_is_said_at_the_wait():
    trade("T-1")
    said = [line.text for line in lines() if line.kind == "waiting"]
    assert any("regulator-sink has no span that takes it in" in text for text in said)


def test_since_it_was_last_seen_nobody_knows_whether_it_waits():
    trade("T-1", "received", "accepted", ago=60)
    current = [line for line in lines() if line.kind == "waiting"][-1]
    assert current.detail == "waiting, or work that has not ended"
    assert current.text.startswith("not seen for")


def test_a_hole_says_why_in_a_sentence():
    for number in range(6):
        trade(f"other-{number}", ago=250)
    trade("T-1", "received", "enriched", "reported", ago=240)

    [hole] = [line for line in lines() if line.kind == "hole"]

    assert (hole.title, hole.detail) == ("accepted", "missing")
    assert hole.text == "no span of it ever came, while 6 of 6 other events of that time show it"


def test_the_table_is_the_drawing_again():
    start = trade("T-1", "received", "accepted")
    record(step_span("T-1", "enriched", start, trace_id=ids("another", 16)))

    table = page("?tab=table", **{"HX-Request": "true", "HX-Target": "tab"})

    body = table[table.index("<tbody>") : table.index("</tbody>")]
    assert body.count("<tr") == len(lines())
    for line in lines():
        assert line.title in body
        assert line.lasted in body or not line.span_id  # a wait that goes on has grown


def test_exceptions_come_from_span_events_attributes_and_statuses():
    start = trade("T-1", "received", "accepted", ago=100)
    said = {"exception.type": "TimeoutError", "exception.message": "no answer"}
    first = step_span("T-1", "enriched", start, span_id=ids("1", 8), status=FAILED)
    first[1].events.append(build.span_event("exception", said, first[1].end_time_unix_nano))
    named = step_span(
        "T-1",
        "enriched",
        start,
        after=13,
        span_id=ids("2", 8),
        status=FAILED,
        attributes={"error.type": "E42"},
    )
    plain = step_span("T-1", "enriched", start, after=16, span_id=ids("3", 8), status=FAILED)
    record(first, named, plain)

    found = [(one.kind, one.message) for one in faults(data().spans)]

    assert found == [("TimeoutError", "no answer"), ("E42", FAILED.message), ("", FAILED.message)]


def test_ten_megabytes_are_cut_and_say_so():
    start = trade("T-1", "received", "accepted")
    said = {"exception.type": "Boom", "exception.message": HUGE, "payload": HUGE}
    record(step_span("T-1", "enriched", start, status=FAILED, attributes=said))
    span_id = ids("enriched T-1", 8).hex()

    html = page(f"?span={span_id}")

    assert len(html) < 200_000
    assert "Cut: the span was too large to be kept whole." in html
    assert faults(data().spans)[0].kind == "Boom"


def test_what_an_event_touched_is_one_click_away():
    trade("T-0", ago=130)
    start = trade("T-1", ago=120)
    at = int(start.timestamp() * 1e9) + 11 * 10**9
    link = build.link(ids("trace T-0", 16), ids("enriched T-0", 8))
    read = build.span(
        "balances state-store-get",
        trace_id=ids("trace T-1", 16),
        span_id=ids("get", 8),
        parent_span_id=ids("enriched T-1", 8),
        start_time_unix_nano=at,
        end_time_unix_nano=at + 1000,
        links=[link],
    )
    record(("enricher", read))

    browser = client("viewer")
    html = page(browser=browser)
    before = page("?touched=1", "T-0", browser, **{"HX-Request": "true"})

    assert f'href="{PAGE}T-0"' in html
    assert "last wrote the value read from balances" in html
    assert "It touched no other event." in before


def test_the_panel_of_a_span_names_its_parent_and_its_confidence():
    start = trade("T-1", "received", "accepted")
    record(step_span("T-1", "enriched", start, parent_span_id=ids("accepted T-1", 8)))

    html = page(f"?span={ids('enriched T-1', 8).hex()}")

    assert ">trades.accepted publish</a>" in html
    assert "certain" in html


def internal_span(number, start):
    topic = "trades-balances-changelog"
    place = {"messaging.destination.name": topic, "messaging.operation.type": "send"}
    at = int(start.timestamp() * 1e9) + 11 * 10**9
    return "enricher", build.span(
        f"{topic} publish",
        place,
        kind=4,
        trace_id=ids("trace T-1", 16),
        span_id=ids(f"changelog {number}", 8),
        parent_span_id=ids("enriched T-1", 8),
        start_time_unix_nano=at,
        end_time_unix_nano=at + 1000,
    )


def test_internal_topics_are_folded_away_until_asked_for():
    start = trade("T-1")
    record(*(internal_span(number, start) for number in range(3)))

    drawn, whole = (way(data(), now=datetime.now(UTC), whole=one) for one in (False, True))

    assert (drawn.folded, drawn.hidden, whole.hidden) == (3, 3, 0)
    assert not any("changelog" in line.detail for line in drawn.lines)
    assert sum("changelog" in line.detail for line in whole.lines) == 3
    assert "3 of internal topics folded away" in page()


def test_a_journey_of_very_many_spans_is_bounded_and_says_so(monkeypatch):
    monkeypatch.setattr(evidence, "MOST_SHOWN", 10)
    start = trade("T-1")
    inner = [
        step_span("T-1", "received", start, kind=1, name="inner", span_id=ids(f"i{n}", 8))
        for n in range(30)
    ]
    record(*inner)

    found = data()
    html = page(f"?all=1&span={ids('i29', 8).hex()}")

    assert (len(found.spans), found.total) == (10, 34)
    assert {one["step"] for one in found.spans if one["step"]} == {
        "received", "accepted", "enriched", "reported"
    }  # fmt: skip
    assert "These are 10 of 34 spans" in html
    assert ids("i29", 8).hex() in html  # a deep link leads to it all the same
    assert len(client("operator").get(f"{PAGE}T-1?export=json").json()["spans"]) == 34


def test_a_dead_letter_and_the_parts_of_an_event_are_told():
    journey_cases.save()
    dead, split = journey_cases.dead_letter(), journey_cases.split()
    browser = client("viewer")

    told = browser.get(f"/flows/{journey_cases.FLOW}/journeys/{dead}").content.decode()
    parts = browser.get(f"/flows/orders/journeys/{split}").content.decode()

    assert "It was put aside as a dead letter in trades.accepted-dlq p2 @ 12" in told
    assert "SerializationException: unknown magic byte" in told
    assert "37 of its 40 parts are done" in parts
    assert "O-17/37" in parts


def test_only_who_may_see_journeys_sees_what_one_touched():
    trade("T-1")
    headers = {"HX-Request": "true"}
    assert client("").get(f"{PAGE}T-1?touched=1", headers=headers).status_code == 403
