"""Traces of which nobody wants to know more are written as those are that somebody might."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slatrack.bench.load import DOCUMENTS, Load
from slatrack.domain.facts import TraceFacts, place
from slatrack.otlp import blocks
from slatrack.otlp.decoding import Decoder, Wanted
from slatrack.tracking import flows, reducing
from slatrack.tracking.models import Journey, SpanBlock, Trace
from slatrack.tracking.packing import StoredTrace, pack_mute, pack_trace, unpack_trace
from slatrack.tracking.recorder import record
from tests.otlp.build import NOON, TRACE, export, span

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, 1, tzinfo=UTC)
LOAD = Load(800, start=int(NOON.timestamp()) * 10**9)


@pytest.fixture(autouse=True)
def three_flows():
    flows.save(DOCUMENTS, now=NOON - timedelta(days=1))


def spans_of(*records, mute=True):
    known = flows.current()
    decoder, spans = Decoder(Wanted(known.wanted, mute=known.mute if mute else None), NOW), []
    for one in records:
        assert decoder.read(one, "auto", spans) == []
    return spans


def stored():
    """All that is stored of spans, but for the numbers of their blocks."""
    traces = {
        row.id: (unpack_trace(row.state, bound=row.bound)._replace(blocks=()), row.spans)
        for row in Trace.objects.all()
    }
    raw = sorted(
        (row.bound, *one) for row in SpanBlock.objects.all()
        for one in blocks.unpack(bytes(row.data), blocks.EVERY)
    )  # fmt: skip
    journeys = sorted(Journey.objects.values_list("flow__name", "key", "status", "verdict"))
    return traces, raw, journeys


def forget():
    for model in (Journey, Trace, SpanBlock):
        model.objects.all().delete()


def test_half_of_the_load_is_mute_and_reduced_to_no_facts():
    batch = reducing.reduce(spans_of(*LOAD.records()), flows.current())

    assert sum(map(len, batch.mute.values())) == len(batch.spans) == 400
    assert not batch.mute.keys() & batch.facts.keys()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), pieces=st.integers(1, 4))
def test_whatever_comes_together_the_same_is_stored_as_without_marks(seed, pieces):
    order = list(range(800))
    random.Random(seed).shuffle(order)
    batches = [order[n::pieces] for n in range(pieces)]
    batches.append(order[: 800 // pieces])  # and some again

    found = []
    for mute in (True, False):
        forget()
        spans = spans_of(*LOAD.records(), mute=mute)
        done = [record([spans[n] for n in some], now=NOW) for some in batches]
        found.append((stored(), done))

    assert found[0] == found[1]


@pytest.mark.parametrize("kinds", [(1, 1, 1), (3, 1, 2), (0,)])
def test_a_mute_trace_is_packed_as_its_facts_are(kinds):
    sent = [
        span(kind=kind, span_id=b"span000%d" % n, parent_span_id=b"span000%d" % (n - 1))
        for n, kind in enumerate(kinds, 1)
    ]
    spans = spans_of(export(*sent))
    facts = {one.span_id: place(one) for one in spans}

    as_facts = pack_trace(StoredTrace(TraceFacts(facts), (7, 8)))

    assert pack_mute(spans, (7, 8)) == as_facts


def test_spans_that_were_mute_to_flows_of_before_are_asked_anew():
    spans = spans_of(export(span("audit", span_id=b"12345678")))
    audit = "flow: audits\nevent_key: [{trace: true}]\nsteps:\n"
    audit += "  - {step: audited, role: ingress, match: {name: audit}}\n"
    flows.save(audit, now=NOW)

    record(spans, now=NOW)

    assert Journey.objects.get().flow.name == "audits"


def test_a_span_that_is_there_twice_counts_once():
    spans = spans_of(export(span("one"), span("one"), span("two", span_id=b"12345678")))

    done = record(spans, now=NOW)

    assert (done.spans, done.new, done.duplicates) == (3, 2, 1)
    assert Trace.objects.get().spans == 2


def test_of_a_mute_trace_too_no_more_facts_are_kept_than_of_any(monkeypatch):
    monkeypatch.setattr(reducing, "MAX_FACTS", 3)
    some = [span("one", span_id=n.to_bytes(8, "big")) for n in range(1, 5)]

    batch = reducing.reduce(spans_of(export(*some)), flows.current())
    batch.hear(())

    assert (len(batch.facts[TRACE]), batch.mute) == (4, {})


def test_what_comes_after_to_a_mute_trace_makes_it_an_event():
    record(spans_of(export(span("SELECT", span_id=b"12345678"))), now=NOW)
    assert not Trace.objects.get().bound

    order = {"orders.id": "ORD-1", "http.route": "/orders"}
    record(spans_of(export(span("POST", order, kind=2), resource={"service.name": "g"})), now=NOW)

    trace = Trace.objects.get()
    assert (trace.bound, trace.spans) == (True, 2)
    kept = [one for row in SpanBlock.objects.filter(bound=True)
            for one in blocks.unpack(bytes(row.data), blocks.EVERY)]  # fmt: skip
    assert len(kept) == 2
