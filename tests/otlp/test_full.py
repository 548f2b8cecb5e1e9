"""A span explained in full."""

import json

from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

from slatrack.otlp.full import explain, rfc3339
from tests.otlp.build import SPAN, T0, TRACE, export, failed, key_values, link, read_one, span


def whole(**fields):
    one = read_one(export(span(**fields), resource={"service.name": "shop", "host.name": "h"}))
    return explain(one.origin.raw_resource, one.origin.raw_scope, one.raw)


def test_all_that_was_sent():
    exception = Sent.Event(
        name="exception",
        time_unix_nano=T0 + 1,
        attributes=key_values({"exception.message": "boom"}),
    )

    found = whole(
        name="orders process",
        attributes={"n": 2**60, "list": ["a", 1], "map": {"k": True}},
        kind=Sent.SPAN_KIND_CONSUMER,
        links=[link(x="y")],
        events=[exception],
        status=failed("it broke"),
        dropped_attributes_count=4,
    )

    assert found["name"] == "orders process"
    assert found["kind"] == "consumer"
    assert (found["status"], found["status_message"], found["error"]) == ("error", "it broke", True)
    assert found["attributes"] == {"n": 2**60, "list": ["a", 1], "map": {"k": True}}
    assert found["events"] == [
        {
            "time": "2026-11-20T12:00:00.000000001Z",
            "name": "exception",
            "attributes": {"exception.message": "boom"},
        }
    ]
    assert found["links"] == [
        {"trace_id": TRACE.hex(), "span_id": SPAN.hex(), "attributes": {"x": "y"}}
    ]
    assert found["resource"]["host.name"] == "h"
    assert found["service"] == "shop"
    assert found["scope"]["name"] == "test"
    assert found["dropped"]["attributes"] == 4
    assert found["duration_ms"] == 1.0
    assert not found["cut"]
    json.dumps(found, allow_nan=False)


def test_numbers_that_json_has_no_word_for():
    found = whole(attributes={"nan": float("nan"), "inf": float("inf")})

    assert found["attributes"] == {"nan": "nan", "inf": "inf"}


def test_bytes_that_are_no_span_are_an_empty_one():
    assert explain(b"\xff", b"\xff", b"\xff")["name"] == "unnamed"


def test_rfc3339():
    assert rfc3339(T0 + 123_456_789) == "2026-11-20T12:00:00.123456789Z"
    assert rfc3339(2**64 - 1) == "2554-07-21T23:34:33.709551615Z"
