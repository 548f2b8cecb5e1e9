"""Packing: rows of earlier versions are still read."""

from msgspec import msgpack

from slatrack.domain.facts import Fact
from slatrack.tracking.packing import pack_trace, unpack_trace

EARLIER_FIELDS = 16  # of a fact, before links had a meaning


def test_a_trace_stored_before_traces_told_each_other_anything_is_still_read():
    one = Fact(b"s" * 8, b"", 1, 2, 4, False, "gateway", "POST /trades", keys=(("trades", "T1"),))
    earlier = msgpack.encode(([one[:EARLIER_FIELDS]], (7, 9), False))

    stored = unpack_trace(earlier, bound=True)

    assert stored.trace.facts == {one.span_id: one}
    assert (stored.blocks, stored.bound, dict(stored.trace.given)) == ((7, 9), True, {})
    assert unpack_trace(pack_trace(stored), bound=True) == stored
