from dataclasses import replace
from itertools import permutations

import pytest

from slatrack.domain.parts import journey_id
from slatrack.domain.spans import Kind
from slatrack.domain.states import Status
from tests.domain.journeys_of import journeys_of
from tests.spans import NOON_NS, SECOND, span
from tests.trades import accepted, enriched, received, reported, trade, trade_flow

FLOW = trade_flow()


def one(*spans, flow=FLOW):
    [journey] = journeys_of([flow], spans).values()
    return journey


def steps(journey):
    return [seen.step for seen in journey.steps]


def test_one_trace_from_rest_to_sink_is_one_journey_with_every_step():
    journey = one(*trade("T1"))

    assert journey.key == "T1"
    assert steps(journey) == ["received", "accepted", "enriched", "reported"]
    assert journey.status is Status.DONE
    assert journey.started == NOON_NS
    assert journey.ended == NOON_NS + 21 * SECOND
    assert journey.complete


def test_the_order_of_arrival_does_not_matter():
    spans = trade("T1")

    journeys = [one(*order) for order in permutations(spans)]

    assert all(journey == journeys[0] for journey in journeys)


def test_spans_that_come_again_change_nothing():
    spans = trade("T1")
    assert one(*spans, *spans, *spans[::-1]) == one(*spans)


def test_a_request_without_the_key_is_bound_backwards_and_its_time_counts():
    journey = one(received(), accepted(), enriched("T1"), reported())

    assert journey.started == NOON_NS
    assert {seen.step: seen.by for seen in journey.steps} == {
        "received": "ancestry",
        "accepted": "ancestry",
        "enriched": "key",
        "reported": "ancestry",
    }


def test_one_request_with_a_hundred_trades_is_shared_by_a_hundred_journeys():
    spans = [received()]
    for number in range(100):
        spans += [
            accepted(f"T{number}", name=f"a{number}"),
            enriched(name=f"e{number}", parent=f"a{number}"),
            reported(name=f"r{number}", parent=f"e{number}"),
        ]

    journeys = journeys_of([FLOW], spans)

    assert len(journeys) == 100
    for (_, key), journey in journeys.items():
        assert steps(journey) == ["received", "accepted", "enriched", "reported"]
        assert journey.seen("received").sighting.shared == 100
        assert journey.seen("reported").sighting.span_id == spans[3 + 3 * int(key[1:])].span_id


def test_work_that_a_request_does_for_all_its_trades_is_shared_but_a_message_is_not():
    spans = [received(), accepted("T1", name="a1"), accepted("T2", name="a2")]
    audit = span("audit", parent="received", service="regulator-sink")
    stray = reported(name="stray", parent="received")._replace(kind=int(Kind.CONSUMER))

    with_audit = journeys_of([FLOW], [*spans, audit])
    with_stray = journeys_of([FLOW], [*spans, stray])

    assert [j.seen("reported").sighting.shared for j in with_audit.values()] == [2, 2]
    assert [j.seen("reported") for j in with_stray.values()] == [None, None]


def test_retries_count_as_attempts_and_the_last_good_one_decides():
    tries = [
        reported(name=f"try {n}", at=20 + n, took=0.5, error=n < 2, parent="enriched")
        for n in range(3)
    ]

    journey = one(received("T1"), accepted(), enriched(), *tries)

    assert journey.seen("reported").attempts == 3
    assert journey.seen("reported").reached == NOON_NS + 22 * SECOND + SECOND // 2
    assert not journey.seen("reported").error
    assert journey.status is Status.DONE


def test_an_event_whose_last_step_ended_in_error_has_failed_until_a_later_attempt():
    way = [received("T1"), accepted(), enriched(error=True)]

    assert one(*way).status is Status.FAILED
    assert one(*way, reported()).status is Status.DONE


def test_a_parent_that_was_never_exported_leaves_the_journey_whole_but_incomplete():
    journey = one(received("T1"), enriched(), reported())  # `accepted` is missing

    assert steps(journey) == ["received", "enriched", "reported"]
    assert journey.seen("reported").by == "trace"
    assert not journey.seen("reported").proven
    assert journey.seen("received").proven
    assert not journey.complete


def test_a_span_without_a_known_parent_is_nobodys_where_a_trace_knows_several_events():
    spans = [received(), accepted("T1", name="a1"), accepted("T2", name="a2")]
    orphan = reported(parent="never exported")

    journeys = journeys_of([FLOW], [*spans, orphan])

    assert [journey.seen("reported") for journey in journeys.values()] == [None, None]


def test_one_event_over_several_traces_is_one_journey():
    way = [received("T1", trace="a"), enriched("T1", trace="b", parent="")]
    journey = one(*way, reported("T1", trace="c", parent=""))

    assert steps(journey) == ["received", "enriched", "reported"]
    assert len(journey.traces) == 3


def test_a_background_trace_without_a_key_is_no_journey():
    assert journeys_of([FLOW], [received(), span("health")]) == {}


def test_a_key_on_spans_that_prove_no_step_is_no_journey():
    assert journeys_of([FLOW], [span("x", attributes={"trade.id": "T1"})]) == {}


def test_two_flows_that_share_spans_both_have_them():
    other = replace(FLOW, name="audit", deadlines=(), steps=FLOW.steps[:1])

    journeys = journeys_of([FLOW, other], trade("T1"))

    assert set(journeys) == {("trade-reporting", "T1"), ("audit", "T1")}
    assert steps(journeys["audit", "T1"]) == ["received"]


def test_a_list_of_keys_on_a_span_makes_it_shared():
    batch = received(attributes={"trade.id": ("T1", "T2")})
    journeys = journeys_of([FLOW], [batch])

    assert {key for _, key in journeys} == {"T1", "T2"}


@pytest.mark.parametrize("ring", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_parents_in_a_ring_are_bound_without_end(ring):
    spans = [received("T1"), accepted("T2")]
    spans += [
        span(name, parent=ring[(n + 1) % len(ring)], service="regulator-sink")
        for n, name in enumerate(ring)
    ]

    assert len(journeys_of([FLOW], spans)) == 2


def test_the_id_of_a_journey_is_the_same_for_every_writer_and_tells_flow_from_key():
    assert journey_id("a", "bc") == journey_id("a", "bc") != journey_id("ab", "c")


def test_attributes_are_the_earliest_said_whatever_the_order():
    early = received("T1", attributes={"asset.class": "equity"})
    late = enriched(attributes={"asset.class": "bond"})

    assert one(early, late).attributes == one(late, early).attributes == {"asset.class": "equity"}
