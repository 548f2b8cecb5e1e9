"""Dictionaries: rows get smaller, rows of any time are read, and a lost one stops nothing else."""

from datetime import timedelta

import pytest
from django.db import connection

from slatrack.bench.load import event
from slatrack.otlp import blocks
from slatrack.otlp.frames import BlockDamagedError, UnknownDictionaryError
from slatrack.tracking import (
    dictionaries,
    dictionary_samples,
    dictionary_training,
    housekeeping,
    reading,
    span_blocks,
    store,
    watcher,
)
from slatrack.tracking.dictionary_models import Dictionary, Kind
from slatrack.tracking.models import Journey, SpanBlock, Trace
from slatrack.tracking.packing import (
    pack_parts,
    pack_trace,
    unpack_parts,
    unpack_trace,
)
from slatrack.tracking.recorder import record
from tests.tracking.dictionary_world import (
    DAY,
    JOURNEYS,
    LOAD,
    NOW,
    others,
    recorded,
    small,
    spans,
)

pytestmark = pytest.mark.django_db

COLUMNS = ((Trace, "state"), (Journey, "parts"), (SpanBlock, "data"))


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    small(monkeypatch)


@pytest.fixture
def trained():
    recorded()
    made = dictionary_training.tend(now=NOW)
    return {one.kind: one for one in made}


def column(model, name, **which):
    return {row_id: bytes(data) for row_id, data in
            model.objects.filter(**which).values_list("id", name)}  # fmt: skip


def lose(which):
    """Delete a dictionary, as nobody should."""
    Dictionary.objects.filter(id=which.id).delete()
    dictionaries.forget()


def test_rows_written_with_a_dictionary_are_smaller_and_say_the_same(trained):
    assert set(trained) == set(Kind)
    state = max(column(Trace, "state", bound=True).values(), key=len)
    parts = max(column(Journey, "parts").values(), key=len)

    smaller = pack_trace(unpack_trace(state)), pack_parts(unpack_parts(parts))

    assert len(smaller[0]) < 0.75 * len(state)
    assert len(smaller[1]) < 0.75 * len(parts)
    assert unpack_trace(smaller[0]) == unpack_trace(state)
    assert unpack_parts(smaller[1]) == unpack_parts(parts)


def test_rows_of_before_and_after_make_the_same_journeys():
    recorded()
    before = [column(model, name) for model, name in COLUMNS]
    dictionary_training.tend(now=NOW)
    more = spans(others())
    record(more, now=NOW)

    after = [column(model, name) for model, name in COLUMNS]

    for old, new in zip(before, after, strict=True):
        assert {row_id: new[row_id] for row_id in old} == old
        assert len(new) > len(old)
    for number in (0, JOURNEYS - 1, JOURNEYS, 2 * JOURNEYS - 1):
        assert len(reading.journey_spans(*event(number))) == 8
    assert record(spans(), now=NOW).new == 0
    assert record(more, now=NOW).new == 0
    assert Journey.objects.filter(status="done", spans=8).count() == 2 * JOURNEYS


def test_a_block_of_few_spans_costs_less_than_two_thirds(trained):
    some = [one for one in spans(others()) if one.attributes][:8]
    few = dictionaries.squeezer(Kind.SPANS)

    packed = blocks.pack(some, few=few)

    assert len(packed) < 2 / 3 * len(blocks.pack(some))
    found = blocks.unpack(packed, {one.trace_id for one in some}, dictionaries.find)
    assert sorted(one.raw for one in found) == sorted(one.raw for one in some)
    with pytest.raises(BlockDamagedError, match=str(trained[Kind.SPANS].id)):
        blocks.unpack(packed, {one.trace_id for one in some})


def test_a_block_of_many_spans_needs_no_dictionary(trained):
    many = spans(others())

    assert blocks.pack(many, few=dictionaries.squeezer(Kind.SPANS)) == blocks.pack(many)


def test_what_another_process_trains_is_taken_up_within_half_a_minute(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(dictionaries, "monotonic", lambda: clock[0])
    recorded()
    assert dictionaries.squeezer(Kind.PARTS) is None
    samples = dictionary_samples.take(Kind.PARTS)
    dictionary_training._save(Kind.PARTS, dictionary_training._trained(samples), 1, NOW)

    assert dictionaries.squeezer(Kind.PARTS) is None
    clock[0] += 30

    assert dictionaries.squeezer(Kind.PARTS) is not None


def test_a_database_restored_from_before_the_training_is_not_written_to_with_it(trained):
    assert dictionaries.squeezer(Kind.PARTS) is not None
    Dictionary.objects.all().delete()

    dictionaries.connection_created.send(connection.__class__, connection=connection)

    assert dictionaries.squeezer(Kind.PARTS) is None


def test_a_dictionary_that_is_lost_is_named(trained):
    facts = unpack_trace(max(column(Trace, "state").values(), key=len))
    parts = unpack_parts(max(column(Journey, "parts").values(), key=len))
    packed = pack_trace(facts), pack_parts(parts)
    for one in trained.values():
        lose(one)

    with pytest.raises(UnknownDictionaryError, match=str(trained[Kind.STATE].id)):
        unpack_trace(packed[0])
    with pytest.raises(UnknownDictionaryError, match=str(trained[Kind.PARTS].id)):
        unpack_parts(packed[1])


def test_a_dictionary_whose_bytes_are_others_is_none(trained):
    packed = pack_parts(unpack_parts(max(column(Journey, "parts").values(), key=len)))
    other = bytes(trained[Kind.STATE].data)
    Dictionary.objects.filter(kind=Kind.PARTS).update(data=other)
    dictionaries.forget()

    with pytest.raises(UnknownDictionaryError, match=str(trained[Kind.PARTS].id)):
        unpack_parts(packed)
    assert dictionaries.squeezer(Kind.PARTS) is None


def test_raw_spans_whose_dictionary_is_lost_are_told_and_stop_no_others(trained, caplog):
    few = spans(others())[:8]
    record(few, now=NOW)
    traces = {row.id.bytes: unpack_trace(row.state).blocks for row in Trace.objects.all()}
    assert len(span_blocks.load(traces)) == LOAD.total + len(few)
    lose(trained[Kind.SPANS])

    assert len(span_blocks.load(traces)) == LOAD.total
    assert str(trained[Kind.SPANS].id) in caplog.text


def test_events_whose_dictionary_is_lost_do_not_stop_the_watcher(trained, caplog):
    damaged = Journey.objects.order_by("key").first()
    written = pack_parts(unpack_parts(damaged.parts))
    Journey.objects.filter(id=damaged.id).update(parts=written, next_at=NOW, silent_at=None)
    lose(trained[Kind.PARTS])

    watcher.settle_due(now=NOW + timedelta(seconds=1))

    assert Journey.objects.get(id=damaged.id).next_at > NOW
    assert str(trained[Kind.PARTS].id) in caplog.text


def test_parked_traces_whose_dictionary_is_lost_expire_as_others_do(trained):
    parked = Trace.objects.filter(bound=False)
    for row in parked:
        Trace.objects.filter(id=row.id).update(state=pack_trace(unpack_trace(row.state)))
    lose(trained[Kind.STATE])

    assert housekeeping.expire_parked(now=NOW + 30 * DAY) == 800
    assert not parked.all().exists()


def test_a_record_of_a_trace_whose_dictionary_is_lost_fails_with_its_name(trained):
    """The consumer sets such a record aside with this reason, and goes on."""
    for row in Trace.objects.filter(bound=True)[:1]:
        rows = [(row.id, pack_trace(unpack_trace(row.state)))]
        store.update(Trace, ("id", "state"), rows)
    lose(trained[Kind.STATE])
    lost = [one for one in spans() if one.trace_id == row.id.bytes]

    with pytest.raises(UnknownDictionaryError, match=str(trained[Kind.STATE].id)):
        record(lost, now=NOW)
    others_ = [one for one in spans() if one.trace_id != row.id.bytes]
    assert record(others_, now=NOW).duplicates == len(others_)
