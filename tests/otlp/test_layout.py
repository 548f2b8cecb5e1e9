"""Layouts: whatever order and form fields come in, a span means the same."""

import pytest

from slatrack.domain.spans import Span as Read
from slatrack.otlp import wire
from slatrack.otlp.attributes import plan
from slatrack.otlp.decoding import Wanted, decode
from tests.otlp.build import NOON, T0, export, link, span

KEY = b"\x0a\x08order.id\x12\x04\x0a\x02A1"
LONG = "J\n\x08order.id\x12\x04\n\x02B2 " * 20  # looks like an attribute, and is just text
ALL = {
    "thread.name": "main",
    "db.query.text": LONG,
    "messaging.destination.name": "orders",
    "order.id": "A1",
    "messaging.kafka.offset": 7,
}


def raw_of(**fields) -> bytes:
    return span("orders process", ALL, parent_span_id=b"parent!!", **fields).SerializeToString()


def read(raw: bytes) -> Read:
    request = wire.Request.FromString(export(span()))
    del request.resource_spans[0].scope_spans[0].spans[:]
    request.resource_spans[0].scope_spans[0].spans.append(raw)
    decoded = decode(request.SerializeToString(), wanted=Wanted(frozenset({"order.id"})), now=NOON)
    assert decoded.rejected == []
    return decoded.spans[0]


def attribute(raw: bytes) -> bytes:
    return bytes((0x4A, len(raw))) + raw


def test_attributes_before_all_else_are_the_same_span():
    raw = raw_of()
    at = raw.index(b"\x4a", 60)
    usual, other = read(raw), read(raw[at:] + raw[:at])
    assert usual.attributes == {"order.id": "A1"}
    assert (usual.topic, usual.offset, usual.parent_id) == ("orders", 7, b"parent!!")
    assert other._replace(raw=b"") == usual._replace(raw=b"")


@pytest.mark.parametrize(
    "sent",
    [KEY, KEY[10:] + KEY[:10], b"\x0a\x88\x80\x00" + KEY[2:]],
    ids=["usual", "value first", "overlong length"],
)
@pytest.mark.parametrize("before", [b"", b"\x4a\x00", b"\x4a\x01\x0a", b"\x70\x02"])
def test_a_wanted_attribute_is_found_in_any_encoding(sent, before):
    raw = span("work", {"a": 1, "b": LONG}).SerializeToString()
    assert read(raw + before + attribute(sent)).attributes == {"order.id": "A1"}


def test_the_usual_layout_is_read_without_protobuf_by_every_interpreter():
    # Python 3.11.2, which Debian 12 ships, stops amid an attribute at possessive quantifiers
    layout, raw = plan(frozenset({"order.id"})).layout, raw_of()
    head = layout.head(raw)

    found = [sized[1:] for sized in head.groups()[6:] if sized]
    tail = layout.rest(raw, head.end(), found)

    assert head.end() == len(raw) or raw[head.end()] == 0x4A
    assert tail is not None
    assert KEY in found


def test_text_that_looks_like_an_attribute_is_none():
    assert read(span("work", {"b": LONG, "c": LONG[:90]}).SerializeToString()).attributes == {}


def test_a_field_that_comes_again_after_the_attributes_counts():
    later = T0 + 5_000_000
    raw = raw_of() + b"\x30\x05" + b"\x41" + later.to_bytes(8, "little") + b"\x2a\x02hi"
    one = read(raw)
    assert (one.kind, one.end, one.name) == (5, later, "hi")


def test_many_long_attributes_are_read():
    many = {f"text.{n}": LONG for n in range(100)}
    one = read(span("work", {**many, "order.id": "A1"}).SerializeToString())
    assert one.attributes == {"order.id": "A1"}


def test_links_and_status_after_the_attributes_are_read():
    one = read(raw_of(links=[link()], dropped_links_count=2, status={"code": 2}))
    assert (len(one.links), one.dropped_links, one.error) == (1, 2, True)
    assert one.topic == "orders"


def test_equal_spans_with_other_keys_and_offsets_are_told_apart():
    """Gists are shared by spans; what differs is not."""
    for number in range(600):
        attributes = {**ALL, "order.id": f"A{number}", "messaging.kafka.offset": number}
        one = read(span("orders process", attributes, kind=5).SerializeToString())
        assert (one.attributes["order.id"], one.offset) == (f"A{number}", number)
        assert one.topic == "orders"


def test_an_offset_alone_makes_no_message():
    for number in range(600):
        one = read(span("work", {"messaging.kafka.offset": number}).SerializeToString())
        assert (one.topic, one.offset) == (None, None)
