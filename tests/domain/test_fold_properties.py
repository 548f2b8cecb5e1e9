"""Whatever the order, batching or repetition of the spans: the same journeys."""

from hypothesis import given, settings
from hypothesis import strategies as st

from slatrack.domain.binding import BoundBy, bind
from slatrack.domain.facts import EMPTY, fact, merge
from slatrack.domain.matching import Matcher
from slatrack.domain.spans import Kind
from tests.domain.journeys_of import journeys_of
from tests.spans import span, trace_id
from tests.trades import trade_flow

FLOW = trade_flow()
SHAPES = [
    {"kind": Kind.SERVER, "service": "gateway"},
    {"kind": Kind.PRODUCER, "service": "gateway", "topic": "trades.accepted"},
    {"kind": Kind.CONSUMER, "service": "enricher", "topic": "trades.accepted"},
    {"kind": Kind.CLIENT, "service": "regulator-sink"},
    {"kind": Kind.INTERNAL, "service": "noise"},
]


@st.composite
def any_span(draw):
    """A span of a small world: few ids, so that parents, keys and traces meet in every way."""
    key = draw(st.sampled_from([None, None, "T1", "T2"]))
    number = draw(st.integers(0, 7))
    parent = draw(st.one_of(st.just(""), st.integers(0, 7).map(str)))
    return span(
        str(number),
        trace=draw(st.sampled_from("ab")),
        parent=parent,
        at=draw(st.integers(0, 50)),
        error=draw(st.booleans()),
        attributes={"trade.id": key, "asset.class": draw(st.sampled_from("xy"))} if key else {},
        **draw(st.sampled_from(SHAPES)),
    )


@settings(deadline=None)
@given(st.data())
def test_any_order_batching_and_repetition_gives_the_same_journeys(data):
    spans = data.draw(st.lists(any_span(), max_size=14))
    again = data.draw(st.lists(st.sampled_from(spans), max_size=6)) if spans else []
    shuffled = data.draw(st.permutations([*spans, *again]))
    cut = data.draw(st.integers(0, len(shuffled)))

    assert journeys_of([FLOW], shuffled[:cut], shuffled[cut:]) == journeys_of([FLOW], spans)


@settings(deadline=None)
@given(st.lists(any_span(), max_size=14))
def test_a_span_with_keys_belongs_to_those_events_and_to_no_other(spans):
    matcher, by_name = Matcher([FLOW]), {FLOW.name: FLOW}
    here = [one for one in spans if one.trace_id == trace_id("a")]
    trace = merge(EMPTY, [fact(one, matcher.match(one), by_name) for one in here])
    binding = bind(trace)

    for flow, key in binding.groups:
        bound = binding.spans((flow, key))
        carrying = [one for one in trace.facts.values() if (flow, key) in one.keys]
        by_key = [one.fact for one in bound if one.by is BoundBy.KEY]
        assert sorted(by_key) == sorted(carrying)
        assert all(not one.fact.keys for one in bound if one.by is not BoundBy.KEY)
