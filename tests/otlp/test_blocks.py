"""Blocks of raw spans: small, exact, and honest about damage."""

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from slatrack.otlp.blocks import BlockDamagedError, by_trace, pack, unpack
from slatrack.otlp.decoding import Wanted, decode
from tests.otlp.build import NOON, T0, export, span


def some_spans(count: int):
    sent = [
        span(
            f"orders {('publish', 'process')[n % 2]}",
            {
                "messaging.system": "kafka",
                "messaging.destination.name": "trades.accepted",
                "messaging.operation": ("publish", "process")[n % 2],
                "messaging.destination.partition.id": str(n % 6),
                "messaging.kafka.message.offset": n,
                "messaging.kafka.message.key": f"T-{n // 5:09d}",
                "messaging.client_id": "producer-1",
                "thread.name": f"worker-{n % 50}",
                "trade.id": f"T-{n // 5:09d}",
                "asset.class": ("equity", "bond")[n % 2],
            },
            trace_id=(n // 5 * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128 or 1).to_bytes(
                16, "big"
            ),
            span_id=((n + 1) * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "big"),
            start_time_unix_nano=T0 + n * 1_234_567,
            end_time_unix_nano=T0 + n * 1_234_567 + n * 1_001,
        )
        for n in range(count)
    ]
    return decode(export(*sent), wanted=Wanted(), now=NOON).spans


either = pytest.mark.parametrize("to_stay", [False, True], ids=["rows", "columns"])


@either
def test_a_block_gives_back_the_spans_of_the_traces_asked_for(to_stay):
    spans = some_spans(500)
    wanted = {spans[0].trace_id, spans[77].trace_id}

    found = unpack(pack(spans, to_stay=to_stay), wanted)

    assert {one.raw for one in found} == {s.raw for s in spans if s.trace_id in wanted}
    assert {one.raw_resource for one in found} == {spans[0].origin.raw_resource}
    assert {one.trace_id for one in found} == wanted


def test_a_span_costs_at_most_70_bytes_and_less_where_it_stays():
    spans = some_spans(500)

    rows, columns = len(pack(spans)) / 500, len(pack(spans, to_stay=True)) / 500

    assert rows <= 70
    assert columns < rows * 5 / 6


@either
def test_an_empty_block(to_stay):
    assert unpack(pack([], to_stay=to_stay), {b"x"}) == []


def test_samples_for_a_dictionary_are_what_blocks_of_one_trace_would_hold():
    for to_stay in (False, True):
        samples = by_trace(pack(some_spans(10), to_stay=to_stay))
        alone = [pack(some_spans(5), to_stay=to_stay), pack(some_spans(10)[5:], to_stay=to_stay)]

        assert sorted(samples) == sorted(map(squeezed_in, alone))


def squeezed_in(block):
    return zstandard.ZstdDecompressor().decompress(block[8:])


@either
def test_a_span_of_ten_megabytes_is_kept(to_stay):
    huge = span("huge", {"body": "x" * 10_000_000, "trade.id": "T-1"}, end_time_unix_nano=T0 + 1)
    spans = decode(export(huge), wanted=Wanted(), now=NOON).spans

    [found] = unpack(pack(spans, to_stay=to_stay), {spans[0].trace_id})

    assert found.raw == spans[0].raw


@pytest.mark.parametrize("damage", [lambda d: d[:-9], lambda d: b"????" + d[4:], lambda d: b"",
                                    lambda d: d[:40] + bytes(20) + d[60:]])  # fmt: skip
@either
def test_a_damaged_block_is_an_error_that_says_so(damage, to_stay):
    spans = some_spans(20)

    with pytest.raises(BlockDamagedError, match="block"):
        unpack(damage(pack(spans, to_stay=to_stay)), {one.trace_id for one in spans})


@settings(deadline=None)
@given(st.data())
def test_any_damage_is_noticed_or_harmless(data):
    spans = some_spans(5)
    packed = bytearray(pack(spans, to_stay=data.draw(st.booleans())))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = unpack(bytes(packed), {one.trace_id for one in spans})
    except BlockDamagedError:
        return
    assert {one.raw for one in found} == {one.raw for one in spans}
