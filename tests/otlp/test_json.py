# ruff: noqa: E501 - tables read best as tables
"""OTLP in JSON: the same spans as protobuf, and the liberties that senders take."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from slatrack.otlp.decoding import Undecodable, Wanted, decode
from slatrack.otlp.full import explain
from tests.otlp.build import NOON, SPAN, T0, TRACE, export, failed, link, read_one, span

WANTED = Wanted(frozenset({"trade.id", "a"}))


def as_json(data: bytes) -> dict[str, Any]:
    """Return a request as the Collector's file exporter writes it: ids in hex."""
    document = MessageToDict(
        ExportTraceServiceRequest.FromString(data), use_integers_for_enums=True
    )
    hexed(document)
    return document


def hexed(node: Any) -> None:
    if isinstance(node, list):
        for one in node:
            hexed(one)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in ("traceId", "spanId", "parentSpanId"):
                node[name] = base64.b64decode(value).hex()
            hexed(value)


def one_span(**fields: Any) -> bytes:
    sent = {
        "traceId": TRACE.hex(),
        "spanId": SPAN.hex(),
        "name": "n",
        "startTimeUnixNano": str(T0),
        "endTimeUnixNano": str(T0),
    } | fields
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [sent]}]}]}).encode()


def test_a_rich_span_is_the_same_in_json_and_protobuf():
    sent = export(
        span(
            "orders process",
            {"trade.id": "T-1", "a": ["x", "y"], "n": 5, "f": 0.5, "b": b"\x01", "m": {"k": "v"}},
            kind=5,
            links=[link(**{"messaging.kafka.offset": 3})],
            status=failed("boom"),
            parent_span_id=b"parent!!",
            flags=257,
            trace_state="a=b",
        )
    )
    [json_span] = decode(json.dumps(as_json(sent)).encode(), wanted=WANTED, now=NOON).spans
    [proto_span] = decode(sent, wanted=WANTED, now=NOON).spans

    assert json_span._replace(raw=b"") == proto_span._replace(raw=b"")
    assert explain(b"", b"", json_span.raw) == explain(b"", b"", proto_span.raw)


@settings(deadline=None)
@given(
    name=st.text(max_size=20),
    attributes=st.dictionaries(
        st.text(max_size=8) | st.sampled_from(["trade.id", "messaging.destination", "service.name"]),
        st.text(max_size=20) | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=4)
        | st.floats() | st.lists(st.text(max_size=3), max_size=3),
        max_size=5,
    ),
    kind=st.integers(0, 5),
    end=st.integers(0, 2**64 - 1),
)  # fmt: skip
def test_json_and_protobuf_agree(name, attributes, kind, end):
    sent = export(span(name, attributes, kind=kind, end_time_unix_nano=end))

    by_proto = decode(sent, wanted=WANTED, now=NOON)
    by_json = decode(json.dumps(as_json(sent)).encode(), wanted=WANTED, now=NOON)

    assert [s._replace(raw=b"") for s in by_json.spans] == [
        s._replace(raw=b"") for s in by_proto.spans
    ]
    assert [r.reason for r in by_json.rejected] == [r.reason for r in by_proto.rejected]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=200), encoding=st.sampled_from(["auto", "otlp_proto", "otlp_json"]))
def test_arbitrary_bytes_are_spans_or_undecodable(data, encoding):
    with suppress(Undecodable):
        decode(data, encoding=encoding, wanted=WANTED, now=NOON)


@settings(deadline=None)
@given(st.data())
def test_damaged_exports_are_spans_or_rejected_or_undecodable(data):
    sent = bytearray(export(span("a", {"trade.id": "T"}, links=[link()]), span("b")))
    for _ in range(data.draw(st.integers(1, 5))):
        sent[data.draw(st.integers(0, len(sent) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = decode(bytes(sent), wanted=WANTED, now=NOON)
    except Undecodable:
        return
    for one in decoded.spans:
        json.dumps(explain(one.origin.raw_resource, one.origin.raw_scope, one.raw))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["resourceSpans", "scopeSpans", "spans", "resource", "scope", "attributes", "key",
             "value", "traceId", "spanId", "name", "kind", "startTimeUnixNano", "links", "events",
             "status", "code", "intValue", "arrayValue", "values", "kvlistValue", "doubleValue"]
        ),
        inner, max_size=4,
    ),
    max_leaves=15,
)  # fmt: skip


@settings(deadline=None)
@given(fields=st.dictionaries(st.sampled_from(
    ["traceId", "spanId", "name", "kind", "startTimeUnixNano", "attributes", "links", "events",
     "status", "flags"]), JSON, max_size=3), document=JSON)  # fmt: skip
def test_arbitrary_json_is_spans_or_rejected_or_undecodable(fields, document):
    decoded = decode(one_span(**fields), wanted=WANTED, now=NOON)
    assert len(decoded.spans) + decoded.rejected_spans == 1
    with suppress(Undecodable):
        decode(json.dumps({"resourceSpans": document}).encode(), wanted=WANTED, now=NOON)


@pytest.mark.parametrize(
    "fields",
    [
        {"traceId": TRACE.hex().upper(), "spanId": SPAN.hex().upper()},
        {
            "traceId": base64.b64encode(TRACE).decode(),
            "spanId": base64.b64encode(SPAN).decode(),
        },
        {"startTimeUnixNano": T0, "endTimeUnixNano": T0},
        {"kind": "SPAN_KIND_UNSPECIFIED", "status": {"code": "STATUS_CODE_UNSET"}},
        {"somethingNew": {"a": [1]}},
        {"attributes": None, "links": None, "parentSpanId": ""},
    ],
)
def test_liberties(fields):
    plain = read_one(one_span())

    assert read_one(one_span(**fields)) == plain


def test_nanoseconds_as_numbers_are_exact():
    one = read_one(one_span(startTimeUnixNano=T0 + 123456789, endTimeUnixNano=T0 + 123456791))

    assert (one.start - T0, one.end - T0) == (123456789, 123456791)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"traceId": "zzz"}, "trace id has"),
        ({"traceId": "0123456789abcdef"}, "trace id has 8 bytes"),
        ({"startTimeUnixNano": "soon"}, "startTimeUnixNano must be an integer"),
        ({"attributes": {"a": 1}}, "attributes must be a list"),
        (
            {"attributes": [{"key": "a", "value": {"intValue": "1e9"}}]},
            "intValue must be an integer",
        ),
        ({"links": ["x"]}, "links must be an object"),
    ],
)
def test_a_bad_span_is_rejected_with_its_field(fields, reason):
    decoded = decode(one_span(**fields), wanted=WANTED, now=NOON)

    assert decoded.spans == []
    [rejected] = decoded.rejected
    assert reason in rejected.reason
    assert rejected.raw


def test_nul_bytes_and_a_byte_order_mark_before_the_document():
    assert read_one(b"\0" * 283_073 + one_span()).name == "n"
    assert read_one(b"\xef\xbb\xbf" + one_span()).name == "n"


def test_bad_utf8_in_a_document():
    assert read_one(one_span(name="NAME").replace(b"NAME", b"caf\xe9")).name == "caf\ufffd"


def test_lists_and_other_exporters_shapes():
    [batch] = json.loads(one_span())["resourceSpans"]
    old = {"instrumentationLibrarySpans": batch["scopeSpans"]}

    for document in (
        [{"resourceSpans": [batch]}],
        [batch],
        {"batches": [batch]},
        {"resourceSpans": [old]},
    ):
        assert read_one(json.dumps(document).encode()).name == "n"
