"""Rows by columns: what was packed is unpacked, whatever it is, and takes less than row by row."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from slatrack.domain.claims import Claims, How, Tie
from slatrack.domain.edges import Message
from slatrack.domain.facts import Fact, TraceFacts
from slatrack.domain.parts import Part, Sighting
from slatrack.domain.spans import Link
from slatrack.tracking import part_columns, trace_columns
from slatrack.tracking.packing import (
    StoredTrace,
    pack_parts,
    pack_trace,
    unpack_parts,
    unpack_trace,
)

pytestmark = pytest.mark.django_db

few = st.sampled_from(["", "trades", "orders", "report"])
ids = st.sampled_from([bytes([n]) * 8 for n in range(1, 9)])
any_id = ids | st.sampled_from([b"", b"short", b"longer than most"])
times = st.sampled_from([0, 1, 1_790_000_000_000_000_000, 2**63, 2**64 - 1]) | st.integers(
    0, 2**64 - 1
)
pairs = st.lists(st.tuples(few, few), max_size=2).map(tuple)
values = st.sampled_from([1, 1.0, True, 0, False, -0.0, "1", "", 2**60, -5])
captured = st.lists(st.tuples(few, values), max_size=2).map(tuple)
maybe = st.none() | st.integers(0, 2**40)
links = st.lists(
    st.builds(Link, st.just(b"t" * 16), ids, st.none() | few, maybe, maybe), max_size=2
).map(tuple)
facts = st.builds(
    Fact, ids, any_id, times, times, st.integers(0, 5), st.booleans(), few, few,
    st.none() | few, maybe, maybe, pairs, pairs, captured, links, st.integers(0, 3),
    st.integers(0, 2), few, st.lists(few, max_size=2).map(tuple), pairs,
)  # fmt: skip
odd = st.builds(lambda one, span_id: one._replace(span_id=span_id), facts, any_id)
traces = st.lists(facts, max_size=6) | st.lists(odd, max_size=3)
ties = st.builds(
    Tie, st.sampled_from(list(How)), st.just(b"o" * 16), any_id,
    st.none() | st.builds(Message, few, st.integers(0, 9), st.integers(0, 2**40)),
)  # fmt: skip
told = st.dictionaries(ties, st.builds(Claims, pairs, pairs), max_size=2)


@given(traces, st.booleans(), told, st.lists(st.integers(1, 2**40), max_size=3))
def test_whatever_is_known_of_a_trace_is_unpacked_as_it_was(some, truncated, claims, blocks):
    trace = TraceFacts({one.span_id: one for one in some}, truncated, claims)

    found = unpack_trace(pack_trace(StoredTrace(trace, tuple(blocks))))

    assert repr(found) == repr(StoredTrace(trace, tuple(blocks)))  # 1 equals True, and is not it


sightings = st.builds(
    Sighting, few, times, times, any_id, st.booleans(), few, few, st.integers(0, 9),
    st.none() | few, maybe, maybe,
)  # fmt: skip
seen_values = st.lists(st.tuples(few, times, values), max_size=3).map(tuple)
parts = st.builds(
    Part, st.lists(sightings, max_size=6).map(tuple), st.integers(0, 99), times, times,
    st.integers(0, 9), st.booleans(), seen_values,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([b"a" * 16, b"b" * 16, b"c" * 16]), parts, max_size=3))
def test_whatever_traces_contribute_is_unpacked_as_it_was(some):
    found = unpack_parts(pack_parts(some))

    assert repr(found) == repr(dict(sorted(some.items())))


def fact(number, **said):
    begin = 1_790_000_000_000_000_000 + number * 1_234_567
    parent = bytes([number]) * 8 if number else b""
    return Fact(bytes([number + 1]) * 8, parent, begin, begin + 1_001 * number, 3, **said)


def test_a_trace_by_columns_takes_half_of_what_it_takes_fact_by_fact():
    trace = [fact(n, service="gateway", name=f"step {n}") for n in range(8)]

    by_columns = trace_columns.encode({one.span_id: one for one in trace}, ((7,), False, ()))

    assert len(by_columns) < len(msgpack.encode((trace, (7,), False, ()))) / 2


def test_columns_have_a_place_for_all_that_facts_and_sightings_say():
    assert trace_columns.Said._fields == Fact._fields[4:]
    names = [{"end": "length"}.get(name, name) for name in Sighting._fields]
    assert list(part_columns.Seen._fields) == names


def test_times_that_no_clock_tells_are_kept_fact_by_fact():
    far = [fact(0)._replace(end=0), fact(1)._replace(start=0, end=2**64 - 1)]
    trace = TraceFacts({one.span_id: one for one in far})

    assert trace_columns.encode(trace.facts, ((), False, ())) is not None
    backwards = {one.span_id: one._replace(start=2**64 - 1, end=0) for one in far[:1]}
    assert trace_columns.encode(backwards, ((), False, ())) is None
    assert unpack_trace(pack_trace(StoredTrace(TraceFacts(backwards), ()))).trace.facts == backwards


def test_what_equals_another_value_is_not_taken_for_it():
    some = [fact(0, captured=(("n", 1),)), fact(1, captured=(("n", True),))]
    trace = TraceFacts({one.span_id: one for one in some})

    found = unpack_trace(pack_trace(StoredTrace(trace, ()))).trace.facts

    assert [type(one.captured[0][1]) for one in found.values()] == [int, bool]
    assert math.isnan(unpacked_value(math.nan))


def unpacked_value(value):
    one = fact(0, captured=(("n", value),))
    trace = TraceFacts({one.span_id: one})
    return unpack_trace(pack_trace(StoredTrace(trace, ()))).trace.facts[one.span_id].captured[0][1]
