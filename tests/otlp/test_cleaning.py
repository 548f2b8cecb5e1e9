# ruff: noqa: E501 - tables read best as tables
"""Hostile and broken input: what is mended, what is rejected, what is undecodable."""

from datetime import timedelta

import pytest

from slatrack.otlp.decoding import Decoder, Undecodable, Wanted, decode
from slatrack.otlp.full import explain
from tests.otlp.build import NOON, SPAN, T0, TRACE, export, failed, read_one, span

NOTHING = Wanted()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"trace_id": bytes(16)}, "trace id is all zeros"),
        ({"span_id": bytes(8)}, "span id is all zeros"),
        ({"trace_id": b"12345678"}, "trace id has 8 bytes instead of 16"),
        ({"span_id": b""}, "span id has 0 bytes instead of 8"),
        ({"start_time_unix_nano": 0, "end_time_unix_nano": 0}, "no time"),
        ({"start_time_unix_nano": 1795176000000, "end_time_unix_nano": 0}, "nanoseconds since 1970"),
        ({"end_time_unix_nano": T0 + 2 * 86_400 * 10**9}, "more than a day in the future"),
        ({"start_time_unix_nano": 2**64 - 1, "end_time_unix_nano": 2**64 - 1}, "in the future"),
    ],
)  # fmt: skip
def test_a_bad_span_is_rejected_and_its_neighbours_are_not(fields, reason):
    good = span("good", span_id=b"neighbor")

    decoded = decode(export(span("bad", **fields), good), wanted=NOTHING, now=NOON)

    assert [one.name for one in decoded.spans] == ["good"]
    [rejected] = decoded.rejected
    assert reason in rejected.reason
    assert rejected.spans == decoded.rejected_spans == 1


def test_a_rejected_span_can_be_replayed_with_its_resource():
    early = span("early", end_time_unix_nano=T0 + 2 * 86_400 * 10**9)
    [rejected] = decode(export(early), wanted=NOTHING, now=NOON).rejected

    [one] = decode(rejected.raw, wanted=NOTHING, now=NOON + timedelta(days=2)).spans

    assert (one.name, one.service) == ("early", "shop")


def test_spans_rejected_for_one_reason_are_one_entry():
    bad = [span(trace_id=b"")] * 3

    [rejected] = decode(export(*bad), wanted=NOTHING, now=NOON).rejected

    assert rejected.spans == 3


def test_a_damaged_span_does_not_take_its_batch_along():
    sent = bytearray(export(span("bad" * 20), span("good", span_id=b"neighbor")))
    at = sent.index(b"badbadbad") - 1
    sent[at] = 0xFF  # the length of the name: past the end

    decoded = decode(bytes(sent), wanted=NOTHING, now=NOON)

    assert [one.name for one in decoded.spans] == ["good"]
    assert "damaged" in decoded.rejected[0].reason


@pytest.mark.parametrize(
    ("fields", "start", "end"),
    [
        ({"start_time_unix_nano": 0}, T0 + 1_000_000, T0 + 1_000_000),
        ({"end_time_unix_nano": 0}, T0, T0),
        ({"end_time_unix_nano": T0 - 5}, T0, T0),
        ({"start_time_unix_nano": 1795176000123456789, "end_time_unix_nano": 1795176000123456790}, 1795176000123456789, 1795176000123456790),
    ],
)  # fmt: skip
def test_times_are_mended_to_the_nanosecond(fields, start, end):
    one = read_one(export(span(**fields)))

    assert (one.start, one.end) == (start, end)


@pytest.mark.parametrize("parent", [b"", bytes(8), SPAN, b"short"])
def test_a_parent_that_is_none(parent):
    assert read_one(export(span(parent_span_id=parent))).parent_id == b""


@pytest.mark.parametrize(
    ("sent", "clean"),
    [
        (b"caf\xe9", "caf\N{REPLACEMENT CHARACTER}"),
        (b"a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("über".encode(), "über"),
    ],
)
def test_text_is_cleaned_and_html_is_just_text(sent, clean):
    raw = export(span("N" * len(sent), {"note": "A" * len(sent)}))
    raw = raw.replace(b"N" * len(sent), sent).replace(b"A" * len(sent), sent)

    one = read_one(raw, "note")

    assert (one.name, one.attributes["note"]) == (clean, clean)
    assert explain(one.origin.raw_resource, one.origin.raw_scope, one.raw)["name"] == clean


def test_a_span_without_a_name_has_one():
    assert read_one(export(span(""))).name == "unnamed"


def test_a_kind_that_nobody_knows_is_unspecified():
    sent = export(span(kind=5)).replace(b"\x30\x05", b"\x30\x63")

    assert read_one(sent).kind == 0


def test_status():
    assert read_one(export(span(status=failed("boom")))).error
    assert not read_one(export(span())).error


def test_an_attribute_of_10_mb_is_bounded_and_says_so():
    sent = export(span(attributes={"trade.id": "T-1", "payload": "x" * 10_000_000}))

    one = read_one(sent, "trade.id", "payload")

    assert one.attributes["trade.id"] == "T-1"
    assert one.attributes["payload"] == "x" * 2_048
    assert one.attributes["slatrack.cut"] is True
    assert len(one.raw) < 65_536
    whole = explain(one.origin.raw_resource, one.origin.raw_scope, one.raw)
    assert whole["cut"]
    assert "10,000," in whole["attributes"]["slatrack.cut"]
    assert whole["attributes"]["trade.id"] == "T-1"


def test_a_thousand_large_attributes_are_bounded():
    sent = export(span(attributes={f"a{n}": "x" * 2_000 for n in range(1_000)}))

    assert len(read_one(sent).raw) < 70_000


def test_a_resource_of_10_mb_is_bounded():
    one = read_one(export(span(), resource={"service.name": "shop", "env": "x" * 10_000_000}))

    assert one.service == "shop"
    assert len(one.origin.raw_resource) < 65_536


def test_nested_values_without_end_do_no_harm():
    nested: object = "deep"
    for _ in range(45):  # protobuf itself refuses at 100 messages
        nested = [nested]
    one = read_one(export(span(attributes={"deep": nested, "trade.id": "T"})), "trade.id", "deep")

    assert one.attributes["trade.id"] == "T"
    explain(one.origin.raw_resource, one.origin.raw_scope, one.raw)


@pytest.mark.parametrize(
    "data",
    [
        b"hello, I am no protobuf",
        b"\x0a\xff\xff",
        export(span())[:-3],
        b"\x08\x01",
        b"\0\0\0",
        b'{"resourceSpans": [',
        b'{"logs": []}',
        b'"text"',
        b"[1]",
        b'{"resourceSpans": 1}',
        b"[" * 100_000,
        b'{"resourceSpans":[{"resource":' + b'{"a":' * 50_000,
    ],
    ids=lambda data: str(data[:20]),
)
def test_what_is_no_trace_export_is_undecodable(data):
    with pytest.raises(Undecodable):
        decode(data, wanted=NOTHING, now=NOON)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"resourceSpans":[]}'])
def test_an_empty_request_is_no_error(data):
    assert decode(data, wanted=NOTHING, now=NOON).spans == []


def test_the_same_bytes_give_the_same_spans():
    sent = export(span(attributes={"trade.id": "T-1"}))

    assert read_one(sent, "trade.id") == read_one(sent, "trade.id")
    assert read_one(sent).trace_id == TRACE


def test_what_one_record_refused_is_not_said_of_the_next():
    decoder, spans = Decoder(NOTHING, NOON), []
    [refused] = decoder.read(export(span("bad", trace_id=b"short")), "otlp_proto", spans)
    assert (refused.spans, spans) == (1, [])
    with pytest.raises(Undecodable):
        decoder.read(b"nobody can read this", "auto", spans)
    assert decoder.read(export(span("good")), "otlp_proto", spans) == []
    assert [one.name for one in spans] == ["good"]
