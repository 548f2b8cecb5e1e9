"""Which spans belong to which events, and how surely, whatever a trace looks like."""

import time

import pytest

from slatrack.domain.binding import MAX_WORK, BoundBy, bind
from slatrack.domain.facts import EMPTY, fact, merge
from slatrack.domain.matching import Matcher
from slatrack.domain.parts import contributions
from slatrack.domain.spans import Kind
from tests.domain.journeys_of import journeys_of
from tests.spans import span
from tests.trades import accepted, enriched, received, reported, trade_flow

FLOW = trade_flow()


def facts_of(spans):
    matcher = Matcher([FLOW])
    return merge(EMPTY, [fact(one, matcher.match(one), {FLOW.name: FLOW}) for one in spans])


def bound(spans, key):
    found = bind(facts_of(spans)).spans((FLOW.name, key))
    return {one.fact.name or one.fact.span_id: (one.by, one.shared) for one in found}


def test_a_message_beside_one_event_is_not_surely_that_event_s():
    poll = span("poll", kind=Kind.CONSUMER)
    one, other = accepted("T1", name="a1", parent="poll"), accepted("T2", name="a2", parent="poll")
    beside = enriched(name="beside", parent="poll")

    assert bound([poll, one, beside], "T1")["beside"] == (BoundBy.TRACE, 1)
    assert "beside" not in bound([poll, one, other, beside], "T1")


def test_work_beside_the_events_of_a_request_is_surely_shared_by_them():
    request = received(name="request")
    events = [accepted(f"T{n}", name=f"a{n}", parent="request") for n in (1, 2)]
    found = bound([request, *events, reported(name="beside", parent="request")], "T1")
    assert found["beside"] == found["request"] == (BoundBy.ANCESTRY, 2)


def test_a_proof_is_as_sure_as_the_attempt_that_it_rests_on():
    weak = reported(name="weak", parent="never exported", at=20)
    sure = reported("T1", name="sure", at=30)
    [journey] = journeys_of([FLOW], [received("T1"), weak, sure]).values()
    assert not journey.seen("reported").proven
    [journey] = journeys_of([FLOW], [received("T1"), sure]).values()
    assert journey.seen("reported").proven


def hostile_comb(size):
    """A chain without keys, each link of which has a child with a key of its own."""
    chain = [received(name=f"c{n}", parent=f"c{n - 1}" if n else "") for n in range(size)]
    return chain + [accepted(f"T{n}", name=f"k{n}", parent=f"c{n}") for n in range(size)]


def a_thousand_trades_in_one_request(size):
    beside = [reported(name=f"b{n}", parent="request") for n in range(size)]
    events = [accepted(f"T{n}", name=f"a{n}", parent="request") for n in range(size)]
    return [received(name="request"), *events, *beside]


@pytest.mark.parametrize("shape", [hostile_comb, a_thousand_trades_in_one_request])
def test_what_a_trace_costs_is_bounded_and_what_is_left_out_is_said(shape):
    trace = facts_of(shape(700))
    begun = time.process_time()
    parts = contributions(trace)
    assert time.process_time() - begun < 3  # without a bound it is ten times that
    assert len(parts) == 700
    assert all(one.truncated for one in parts.values())
    assert sum(len(one.sightings) for one in parts.values()) <= MAX_WORK


def test_a_request_with_a_thousand_trades_is_whole():
    events = [accepted(f"T{n}", name=f"a{n}", parent="request") for n in range(1000)]
    noise = [span(f"n{n}", parent="request") for n in range(1000)]
    parts = contributions(facts_of([received(name="request"), *events, *noise]))
    assert {(one.spans, one.truncated, len(one.sightings)) for one in parts.values()} == {
        (1002, False, 2)
    }


def test_rings_and_selves_as_parents_end_somewhere():
    ring = [span(str(n), parent=str((n + 1) % 3)) for n in range(3)]
    here = [*ring, accepted("T1", name="k", parent="0"), reported(name="me", parent="me")]
    assert {"k", "me"} <= bound(here, "T1").keys()
