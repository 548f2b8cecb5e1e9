"""What a journey touches without owning it: found by its links when it is read."""

from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from slatrack.tracking import reading, reading_references
from tests.dashboards.recorded import ids, record, save_flow, step_span, trade
from tests.otlp import build

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _flow():
    save_flow()


def store_read(key, start, *others, trace=None, name="balances state-store-get"):
    """A read of a state store by `key`, which links to who last wrote: `others`, their keys."""
    links = [build.link(ids(f"trace {o}", 16), ids(f"enriched {o}", 8)) for o in others]
    at = int(start.timestamp() * 1e9) + 15 * 10**9
    span = build.span(
        name, {}, trace_id=ids(f"trace {key}", 16), span_id=ids(f"{name} {key}", 8),
        parent_span_id=ids(f"enriched {key}", 8), kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=at, end_time_unix_nano=at + 10**6, links=links,
    )  # fmt: skip
    return "enricher", span


def told(key):
    found = reading.journey("trade-reporting", key, now=datetime.now(UTC))
    return found["references"], found["references_unknown"]


def test_a_store_read_names_the_event_that_wrote_the_value():
    start = trade("T-2", ago=120)
    wrote = start - timedelta(seconds=3)
    record(step_span("T-1", "received", wrote), step_span("T-1", "enriched", wrote))
    record(store_read("T-2", start, "T-1"))

    [one], unknown = told("T-2")

    assert (one["flow"], one["key"], unknown) == ("trade-reporting", "T-1", 0)
    assert one["why"] == "last wrote the value read from balances"
    assert one["before_ms"] == 6000  # from the end of the one to the start of the other
    assert one["by"] == ids("balances state-store-get T-2", 8).hex()


def test_touching_is_not_belonging():
    trade("T-1", ago=123)
    record(store_read("T-2", trade("T-2", ago=120), "T-1"))

    assert told("T-1") == ([], 0)
    assert len(reading.journey_spans("trade-reporting", "T-1")) == 4
    assert len(reading.journey_spans("trade-reporting", "T-2")) == 5


def test_a_history_can_be_walked_back():
    trade("T-1", ago=130)
    record(store_read("T-2", trade("T-2", ago=125), "T-1"))
    record(store_read("T-3", trade("T-3", ago=120), "T-2"))

    way = []
    key = "T-3"
    while references := told(key)[0]:
        key = references[0]["key"]
        way.append(key)

    assert way == ["T-2", "T-1"]


def test_an_event_does_not_refer_to_itself():
    start = trade("T-1")
    record(store_read("T-1", start, "T-1"))
    assert told("T-1") == ([], 0)


def test_links_to_what_nobody_knows_are_counted():
    record(store_read("T-1", trade("T-1"), "never", "seen"))
    assert told("T-1") == ([], 2)


def test_links_are_followed_up_to_a_bound(monkeypatch):
    monkeypatch.setattr(reading_references, "MOST", 3)
    for number in range(5):
        trade(f"old-{number}", ago=200 + number)
    record(store_read("T-1", trade("T-1"), *(f"old-{n}" for n in range(5))))

    assert [one["key"] for one in told("T-1")[0]] == ["old-0", "old-1", "old-2"]


def test_a_span_shared_by_many_names_some(monkeypatch):
    monkeypatch.setattr(reading_references, "NAMED", 2)
    keys = [f"S-{number}" for number in range(5)]
    start = datetime.now(UTC)
    trade_start = trade("T-1")
    record(
        step_span(
            keys, "enriched", start, trace_id=ids("trace S", 16), span_id=ids("enriched S", 8)
        )
    )
    record(store_read("T-1", trade_start, "S"))

    assert [one["key"] for one in told("T-1")[0]] == ["S-0", "S-1"]


def test_a_journey_without_links_asks_for_nothing_more(django_assert_max_num_queries):
    trade("T-1")
    with django_assert_max_num_queries(8):
        told("T-1")
