"""Whatever is squeezed with a dictionary comes out as it went in."""

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slatrack.domain.facts import Fact, TraceFacts
from slatrack.otlp import frames
from slatrack.tracking import dictionaries, dictionary_training
from slatrack.tracking.dictionary_models import Kind
from slatrack.tracking.packing import StoredTrace, pack_trace, unpack_trace
from tests.tracking.dictionary_world import NOW, recorded, small

pytestmark = pytest.mark.django_db

MARK = b"TEST"
# The dictionaries are the same for each example, and stay.
AFTER_TRAINING = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _trained(monkeypatch):
    small(monkeypatch)
    recorded()
    assert len(dictionary_training.tend(now=NOW)) == len(Kind)


names = st.text(max_size=40)
keys = st.lists(st.tuples(st.sampled_from(["trades", "orders"]), names), max_size=3).map(tuple)
times = st.integers(0, 2**63)
facts = st.builds(
    lambda *values: Fact(*values[:-1], keys=values[-1]),
    st.binary(min_size=8, max_size=8),
    st.sampled_from([b"", b"p" * 8]),
    times, times, st.integers(0, 5), st.booleans(), names, names, keys,
)  # fmt: skip


@AFTER_TRAINING
@given(st.lists(facts, max_size=20), st.lists(st.integers(1, 2**40), max_size=5))
def test_whatever_is_packed_with_a_dictionary_is_unpacked(some, numbers):
    trace = TraceFacts({one.span_id: one for one in some}, False, {})
    stored = StoredTrace(trace, tuple(numbers))

    assert unpack_trace(pack_trace(stored)) == stored


@AFTER_TRAINING
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_squeezed_with_a_dictionary_are_opened(some):
    for kind in Kind:
        squeeze = dictionaries.squeezer(kind)
        for one in some:
            squeezed = squeeze(one)
            number = zstandard.get_frame_parameters(squeezed).dict_id
            assert dictionaries.opener(number)(squeezed) == one


raw = st.binary(max_size=300)


@AFTER_TRAINING
@given(st.lists(st.tuples(raw, raw, st.lists(raw, min_size=1, max_size=9)), max_size=9))
def test_any_members_in_a_frame_with_a_dictionary_are_read(groups):
    few = dictionaries.squeezer(Kind.SPANS)

    packed = frames.pack(MARK, groups, few=few)

    expected = [(resource, scope, one) for resource, scope, some in groups for one in some]
    assert list(frames.unpack(MARK, packed, dictionaries.find)) == expected


@AFTER_TRAINING
@given(st.lists(raw, min_size=1, max_size=9), st.data())
def test_any_damage_to_such_a_frame_is_noticed_or_harmless(some, data):
    groups = [(b"resource", b"scope", some)]
    packed = bytearray(frames.pack(MARK, groups, few=dictionaries.squeezer(Kind.SPANS)))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = list(frames.unpack(MARK, bytes(packed), dictionaries.find))
    except frames.BlockDamagedError:
        return
    assert found == [(b"resource", b"scope", one) for one in some]
