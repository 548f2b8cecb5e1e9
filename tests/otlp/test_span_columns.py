"""Columns of spans: whatever was taken out is put back, byte by byte."""

import io
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

from slatrack.otlp import span_columns

TRACES = [bytes([n]) * 16 for n in (1, 2, 255)]
IDS = [*(bytes([n]) * 8 for n in range(1, 4)), b"9" * 8, b"A9A9A9A9"]


class Span(NamedTuple):
    """No more than what columns look at."""

    trace_id: bytes
    span_id: bytes
    raw: bytes


def put_back(spans):
    head, left = span_columns.take_out(spans)
    stream = io.BytesIO(head)
    taken = span_columns.read(len(spans), stream.read)
    assert not stream.read()
    assert [(one.trace_id, one.span_id) for one in taken if one] == [
        (span.trace_id, span.span_id) for span, one in zip(spans, taken, strict=True) if one
    ]
    return [
        rest if one is None else span_columns.put_back(one, rest)
        for one, rest in zip(taken, left, strict=True)
    ]


times = st.sampled_from([0, 1, 1_790_000_000_123_456_789, 2**63, 2**64 - 1]) | st.integers(
    0, 2**64 - 1
)
sent = st.builds(
    Sent,
    trace_id=st.sampled_from(TRACES),
    span_id=st.sampled_from(IDS),
    parent_span_id=st.sampled_from([b"", *IDS, b"far away"]),
    trace_state=st.sampled_from(["", "vendor=9"]),
    name=st.sampled_from(["", "A", "A" * 20, "9" * 9 + "A" * 9, "9 to 5, 9.......A", "n" * 400])
    | st.text(max_size=20),
    kind=st.integers(0, 5),
    start_time_unix_nano=times,
    end_time_unix_nano=times,
    flags=st.integers(0, 3),
)


@given(st.lists(sent, max_size=12))
def test_spans_as_sdks_write_them_come_back(some):
    spans = [Span(one.trace_id, one.span_id, one.SerializeToString()) for one in some]
    assert put_back(spans) == [one.raw for one in spans]


like_spans = st.lists(
    st.sampled_from([b"\n\x10", TRACES[0], b"\x12\x08", IDS[0], b'"\x08', b"9", b"A", bytes(8)])
    | st.binary(max_size=9),
    max_size=14,
).map(b"".join)


def test_times_are_not_looked_for_in_a_parent_s_id():
    first = Sent(trace_id=TRACES[0], span_id=b"9" * 8, name="A" * 20, start_time_unix_nano=1)
    second = Sent(
        trace_id=TRACES[0], span_id=IDS[0], parent_span_id=b"9" * 8, name="A" * 20,
        start_time_unix_nano=1, end_time_unix_nano=2,
    )  # fmt: skip
    spans = [Span(one.trace_id, one.span_id, one.SerializeToString()) for one in (first, second)]

    assert put_back(spans) == [one.raw for one in spans]


def test_a_span_that_ends_where_the_times_of_the_one_before_stood_comes_back():
    whole = Sent(
        trace_id=TRACES[0], span_id=IDS[0], name="n" * 5, kind=3, start_time_unix_nano=1,
        end_time_unix_nano=2,
    )  # fmt: skip
    at = whole.SerializeToString().index(b"9" + bytes([1]))
    cut = Sent(trace_id=TRACES[0], span_id=IDS[1], name="." * (at - 30) + "9" + "." * 8 + "A")
    spans = [Span(one.trace_id, one.span_id, one.SerializeToString()) for one in (whole, cut)]
    assert spans[1].raw[at : at + 10 : 9] == b"9A"

    assert put_back(spans) == [one.raw for one in spans]


odd = st.sampled_from([*IDS, b"", b"short", b"longer than 8"])
anything = st.builds(Span, st.sampled_from(TRACES), odd, like_spans)


@given(st.lists(anything, max_size=12))
def test_whatever_bytes_are_called_a_span_come_back(spans):
    assert put_back(spans) == [one.raw for one in spans]


def test_a_span_that_says_its_ids_again_is_left_whole_with_those_that_count():
    first = Sent(trace_id=TRACES[0], span_id=IDS[0], start_time_unix_nano=1, end_time_unix_nano=2)
    raw = first.SerializeToString() + Sent(trace_id=TRACES[1]).SerializeToString()

    head, left = span_columns.take_out([Span(TRACES[1], IDS[0], raw)])

    assert left == [raw]
    assert span_columns.read(1, io.BytesIO(head).read) == [None]


def test_what_is_left_of_like_spans_is_the_same():
    spans = [
        Span(
            TRACES[0], own,
            Sent(
                trace_id=TRACES[0], span_id=own, parent_span_id=parent, name="publish", kind=4,
                start_time_unix_nano=n * 10**18, end_time_unix_nano=n * 10**18 + n,
            ).SerializeToString(),
        )
        for n, (parent, own) in enumerate(pairwise(IDS), 1)
    ]  # fmt: skip
    root = Span(
        TRACES[0], IDS[0],
        Sent(
            trace_id=TRACES[0], span_id=IDS[0], name="publish", kind=4, start_time_unix_nano=7,
            end_time_unix_nano=8,
        ).SerializeToString(),
    )  # fmt: skip

    _, left = span_columns.take_out([root, *spans])

    assert set(left) == {b"*\x07publish0\x04"}
