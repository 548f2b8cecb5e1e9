"""Packing: rows of earlier versions are still read."""

import pytest
from msgspec import msgpack

from slatrack.domain.facts import Fact
from slatrack.domain.parts import Part
from slatrack.tracking.packing import FRAME, pack_parts, pack_trace, unpack_parts, unpack_trace

pytestmark = pytest.mark.django_db

EARLIER_FIELDS = 16  # of a fact, before links had a meaning


def test_a_trace_stored_before_traces_told_each_other_anything_is_still_read():
    one = Fact(b"s" * 8, b"", 1, 2, 4, False, "gateway", "POST /trades", keys=(("trades", "T1"),))
    earlier = msgpack.encode(([one[:EARLIER_FIELDS]], (7, 9), False))

    stored = unpack_trace(earlier, bound=True)

    assert stored.trace.facts == {one.span_id: one}
    assert (stored.blocks, stored.bound, dict(stored.trace.given)) == ((7, 9), True, {})
    assert unpack_trace(pack_trace(stored), bound=True) == stored


def test_a_row_written_before_rows_were_compressed_is_still_read():
    facts = [Fact(bytes([n]) * 8, b"", n, n + 1, 3, name="SELECT invoices") for n in range(1, 9)]
    plain = msgpack.encode((facts, (7,), False, ()))

    packed = pack_trace(unpack_trace(plain))

    assert packed.startswith(FRAME)
    assert len(packed) < len(plain) / 2
    assert unpack_trace(packed) == unpack_trace(plain)


def test_what_compression_makes_no_smaller_is_written_as_it_is():
    part = Part((), 1, 1, 2, 0, False, ())
    assert not pack_parts({b"t" * 16: part}).startswith(FRAME)
    assert unpack_parts(pack_parts({b"t" * 16: part})) == {b"t" * 16: part}
