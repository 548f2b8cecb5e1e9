"""The log records of a journey: who sees them, which ones, and that nothing in them can do harm."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from dashboards.log_lines import OPENED, as_text, visible
from slatrack.domain.outside_links import LinkTemplate
from slatrack.otlp.log_decoding import decode_logs
from slatrack.tracking import recorder
from slatrack.tracking.log_models import LogBlock
from slatrack.tracking.log_store import Arrived
from tests.dashboards.recorded import ids, record, save_flow, step_span, trade
from tests.dashboards.signed_in import client
from tests.otlp.build_logs import export_logs, log

PAGE = "/flows/trade-reporting/logs/T-1"
API = "/api/flows/trade-reporting/journeys/T-1/logs"
TRACE = ids("trace T-1", 16)
SPAN = ids("enriched T-1", 8)

pytestmark = pytest.mark.django_db


def write(*bodies, service: str = "enricher", at: datetime | None = None, **fields) -> None:
    """Record log records of T-1, a second apart, as a service sends them."""
    begun = int((at or datetime.now(UTC)).timestamp())
    logs = []
    for number, body in enumerate(bodies):
        said = {"trace_id": TRACE, "span_id": SPAN, "time_unix_nano": (begun + number) * 10**9}
        logs.append(log(body, **{**said, **fields}))
    data = export_logs(*logs, resource={"service.name": service})
    recorder.record([], now=datetime.now(UTC), logs=Arrived(decode_logs(data).logs))


@pytest.fixture
def recorded(db):
    save_flow()
    return trade("T-1")


def bodies(answer) -> list[str]:
    return [one["body"] for one in answer.json()["items"]]


def test_they_come_in_order_of_time_over_services(recorded):
    write("second", at=recorded + timedelta(seconds=10))
    write("first", service="gateway", at=recorded)
    write("first", service="gateway", at=recorded)  # sent twice

    answer = client("viewer").get(API)

    assert bodies(answer) == ["first", "second"]
    assert [one["service"] for one in answer.json()["items"]] == ["gateway", "enricher"]
    assert (answer.json()["total"], answer.json()["truncated"]) == (2, False)


def test_pages_of_the_api_follow_each_other(recorded):
    write(*(f"line {n}" for n in range(5)))
    browser, cursor, seen = client("viewer"), "", []
    while cursor is not None:
        answer = browser.get(API, {"limit": 2, "cursor": cursor})
        seen += bodies(answer)
        cursor = answer.json()["next_cursor"]

    assert seen == [f"line {n}" for n in range(5)]
    assert browser.get(API, {"cursor": "nonsense"}).status_code == 400


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"severity": "warn"}, ["bad"]),
        ({"span": SPAN.hex()}, ["good", "bad"]),
        ({"q": "ORDER-7"}, ["bad"]),
        ({"q": "enricher"}, ["good", "bad"]),
        ({"q": "nowhere"}, []),
    ],
)
def test_filters(recorded, asked, expected):
    write("good", at=recorded)
    write("bad", at=recorded + timedelta(seconds=1), severity_number=17, event_name="order-7")
    write("of no span", service="x", span_id=b"", at=recorded + timedelta(seconds=2))

    assert bodies(client("viewer").get(API, asked)) == expected


def test_of_a_shared_trace_only_its_own_are_shown(recorded):

    other = step_span("T-2", "enriched", recorded, trace_id=TRACE)
    record(other)
    write("mine")
    write("theirs", span_id=ids("enriched T-2", 8))
    write("of the trace", span_id=b"")

    assert sorted(bodies(client("viewer").get(API))) == ["mine", "of the trace"]


@pytest.mark.parametrize("path", [PAGE, API])
def test_who_may_see_them(recorded, path):
    write("secret")
    for role, status in (("viewer", 200), ("", 403)):
        answer = client(role).get(path)
        assert answer.status_code == status
        assert (b"secret" in answer.content) is (status == 200)


def test_nobody_unknown_sees_them(recorded, client):
    assert client.get(API).status_code == 401
    assert client.get(PAGE).status_code == 302


def test_an_event_that_is_unknown(recorded):
    browser = client("viewer")

    assert browser.get(API.replace("T-1", "T-9")).status_code == 404
    assert browser.get(PAGE.replace("T-1", "T-9")).status_code == 404


def test_the_page_has_a_place_for_them_and_says_how_to_send_them(recorded):
    browser = client("viewer")

    assert f'hx-get="{PAGE}"' in browser.get("/flows/trade-reporting/journeys/T-1").content.decode()
    page = browser.get(PAGE, headers={"HX-Request": "true", "HX-Target": "logs"}).content.decode()
    assert "OTEL_LOGS_EXPORTER=otlp" in page
    assert "kept for 7 d." in page
    assert "<html" not in page


def test_hostile_content_is_shown_and_does_nothing(recorded):
    hostile = "\x1b[31m<script>alert(1)</script>\x1b[0m\x00\x07\u202egnp.exe \"'>"
    write(
        hostile,
        event_name=hostile,
        severity_text=hostile,
        severity_number=0,
        service=hostile,
        attributes={hostile: hostile, "exception.type": hostile, "exception.stacktrace": hostile},
    )
    page = client("viewer").get(PAGE, {"q": hostile}).content.decode()
    page += client("operator").get(PAGE).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not {"\x1b", "\x00", "\x07", "\u202e"} & set(page)


def test_a_body_of_10_mb_is_cut_with_a_mark(recorded):
    write("x" * 10_000_000)

    page = client("viewer").get(PAGE).content.decode()

    assert "kept in part" in page
    assert len(page) < 60_000


def test_an_exception_is_told(recorded):
    said = {"exception.type": "TimeoutError", "exception.message": "no answer"}
    write("", attributes=said, severity_number=17)

    page = client("viewer").get(PAGE).content.decode()

    assert "TimeoutError: no answer" in page
    assert 'class="is-missed"' in page


def test_a_damaged_block_stops_no_reader(recorded):
    write("whole")
    write("damaged", service="other")
    LogBlock.objects.filter(id=LogBlock.objects.last().id).update(data=b"damage")

    assert bodies(client("viewer").get(API)) == ["whole"]


def test_what_is_visible():
    assert visible("a\x1b]0;title\x07b\x1b[1;31mc\r\n\td") == "abc\n\td"
    assert visible("\x00\x9b\u2066") == "\u2400\ufffd\ufffd"
    assert as_text({"a": [1]}) == '{\n "a": [\n  1\n ]\n}'
    assert as_text("x" * (OPENED + 1)).endswith("x … cut")


def test_links_to_other_tools(recorded, monkeypatch):
    url = "https://jaeger.example/trace/{trace_id}?uiFind={span_id}&service={service}"
    monkeypatch.setattr(
        settings.SLATRACK,
        "links",
        [
            LinkTemplate("Span", "span", url),
            LinkTemplate("T", "trace", "https://t.example/{trace_id}"),
        ],
    )
    page = "/flows/trade-reporting/journeys/T-1"
    browser = client("viewer")
    whole = browser.get(page).content.decode()
    chosen = browser.get(page, {"span": SPAN.hex()}).content.decode()

    expected = f"trace/{TRACE.hex()}?uiFind={SPAN.hex()}&amp;service=enricher"
    assert f'href="https://jaeger.example/{expected}" target="_blank" rel="noopener' in chosen
    assert f'href="https://t.example/{TRACE.hex()}"' in whole
    assert "jaeger.example" not in whole
    assert f'href="{PAGE}?of={SPAN.hex()}"' in chosen
