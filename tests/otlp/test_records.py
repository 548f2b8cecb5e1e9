"""Records taken apart by hand: what protobuf says, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.otlp import wire
from slatrack.otlp.records import usual
from tests.otlp.build import export, span

URL = b"\x1a\x04http"


def by_protobuf(data: bytes) -> tuple[bytes, bytes, list[bytes]] | None:
    """What a record of one resource and scope holds; None for any other."""
    try:
        request = wire.Request.FromString(data)
    except wire.DecodeError:
        return None
    if len(request.resource_spans) != 1 or len(request.resource_spans[0].scope_spans) != 1:
        return None
    entry = request.resource_spans[0]
    scope_spans = entry.scope_spans[0]
    return entry.resource, scope_spans.scope, list(scope_spans.spans)


def wrapped(inner: bytes, *, url: bytes = b"") -> bytes:
    """A record whose only ScopeSpans has the bytes `inner`."""
    scope_spans = b"\x12" + _size(len(inner)) + inner
    entry = b"\x0a\x02\x0a\x00" + scope_spans + url
    return b"\x0a" + _size(len(entry)) + entry


def _size(number: int) -> bytes:
    return bytes((number,)) if number < 128 else bytes((number & 127 | 128, number >> 7))


@pytest.mark.parametrize("spans", [0, 1, 3, 30])
@pytest.mark.parametrize("long", ["", "x" * 200])
def test_what_sdks_and_collectors_write_is_read_by_hand(spans, long):
    data = export(*(span(f"work {n}{long}", {"a": n}) for n in range(spans)), scope="s" + long)
    assert usual(data) == by_protobuf(data) != None  # noqa: E711 - neither may be


@pytest.mark.parametrize("inner", [b"", URL])
@pytest.mark.parametrize("outer", [b"", URL])
def test_schema_urls_are_passed_over(inner, outer):
    raw = span().SerializeToString()
    data = wrapped(b"\x0a\x03\x0a\x01s\x12" + _size(len(raw)) + raw + inner, url=outer)
    assert usual(data) == (b"\x0a\x00", b"\x0a\x01s", [raw]) == by_protobuf(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(export(span()) * 2, id="two resources"),
        pytest.param(export(span())[:-1], id="cut off"),
        pytest.param(export(span()) + b"\x00", id="more after it"),
        pytest.param(export(*[span("x" * 500)] * 40), id="16 KB"),
        pytest.param(wrapped(b"\x12\x01a\x0a\x00"), id="the scope last"),
        pytest.param(wrapped(b"\x0a\x00" + URL + b"\x12\x01a"), id="a span after the URL"),
        pytest.param(wrapped(b"\x0a\x00\x12\x05a"), id="a span that is too long"),
        pytest.param(wrapped(b"\x0a\x00", url=b"\x12\x02\x0a\x00"), id="two scopes"),
        pytest.param(wrapped(b"\x0a\x00", url=b"\xc2\x3e\x02\x0a\x00"), id="an old scope"),
    ],
)
def test_what_is_written_otherwise_is_left_to_protobuf(data):
    assert usual(data) is None


@given(
    st.lists(st.binary(max_size=20), max_size=4),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3),
    st.integers(0, 200),
)
def test_what_is_read_by_hand_is_what_protobuf_reads(spans, changes, length):
    inner = b"\x0a\x03\x0a\x01s" + b"".join(b"\x12" + _size(len(s)) + s for s in spans) + URL
    data = bytearray(wrapped(inner, url=URL))
    for at, value in changes:
        data[at % len(data)] = value
    sent = bytes(data[: length or None])
    found = usual(sent)
    assert found is None or found == by_protobuf(sent)
