"""What is found in generated worlds is what was put in."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.discovery.finding import find
from slatrack.domain.discovery.proposals import Proposal
from slatrack.domain.discovery.writing import document
from slatrack.domain.flows import KeyKind, KeySource, Role
from slatrack.domain.spans import Kind
from slatrack.tracking import documents
from tests.domain.discovery.world import CONTEXT, World
from tests.spans import NOON_NS, SECOND, span

ORDER = KeySource(KeyKind.ATTRIBUTE, "order.id")


def only(world: World) -> Proposal:
    [proposal] = find(world.spans()).proposals
    return proposal


def places(proposal: Proposal) -> list[tuple[str, str]]:
    return [(step.place.service, step.place.what) for step in proposal.steps]


def test_the_flow_is_found_and_nothing_else():
    world = World()

    proposal = only(world)

    assert places(proposal) == world.places
    assert proposal.key.sources == (ORDER,)
    assert [s.role for s in proposal.steps] == [
        Role.INGRESS, Role.PROCESSING, Role.PROCESSING, Role.PROCESSING, Role.SINK,
    ]  # fmt: skip
    assert [s.name for s in proposal.steps] == [
        "received", "accepted", "checker", "shipper", "shipped",
    ]  # fmt: skip
    assert (proposal.name, proposal.share, proposal.events) == ("orders", 1.0, 40)
    assert proposal.attributes == ("region",)


@pytest.mark.parametrize("context", CONTEXT)
def test_a_context_lost_at_each_hop_is_bridged(context):
    hops = [(topic, service, context) for topic, service, _ in World().hops]
    world = World(hops=hops, message_key=True)

    proposal = only(world)

    assert places(proposal) == world.places
    assert proposal.key.sources == (ORDER, KeySource(KeyKind.MESSAGE_KEY, "orders.*"))
    assert (proposal.share, proposal.events) == (1.0, 40)
    assert proposal.key.across == (0 if context == "parent" else 40)


def test_each_step_follows_the_one_before():
    proposal = only(World())

    names = [step.name for step in proposal.steps]
    assert [step.after for step in proposal.steps] == [(), *((name,) for name in names[:-1])]


def test_a_message_key_serves_where_no_attribute_does():
    world = World(keyed=frozenset(), message_key=True)

    proposal = only(world)

    assert places(proposal) == world.places
    assert proposal.key.sources == (KeySource(KeyKind.MESSAGE_KEY, "orders.*"),)


def test_without_any_key_the_trace_or_first_message_serves_and_is_said_to():
    world = World(keyed=frozenset())

    proposal = only(world)

    assert proposal.key.weak
    assert proposal.key.sources[0].kind in (KeyKind.TRACE, KeyKind.MESSAGE)
    assert places(proposal)[-3:] == world.places[-3:]


def test_a_rarer_way_is_a_variant_with_its_share():
    proposal = only(World(events=200, skips=0.2))

    usual, rarer = proposal.variants
    assert usual.events + rarer.events == proposal.events
    assert 0.7 < usual.share < 0.9
    assert (usual.without, rarer.without) == ((), ("shipper", "shipped"))
    assert {step.name: step.required for step in proposal.steps}["shipper"] is False


def test_two_flows_through_the_same_services_are_two():
    orders = World()
    refunds = World(key="refund.id", route="/refunds", seed=2, hops=[
        ("refunds.accepted", "checker", "parent"), ("refunds.checked", "payer", "link"),
    ], last="refunds.paid")  # fmt: skip

    found = find([*orders.spans(), *refunds.spans()]).proposals

    assert {one.name: places(one) for one in found} == {
        "orders": orders.places,
        "refunds": refunds.places,
    }


def test_an_attribute_that_differs_at_each_step_is_no_key():
    spans = [
        one._replace(attributes={**one.attributes, "call.id": f"C-{number:06d}"})
        for number, one in enumerate(World().spans())
    ]

    [proposal] = find(spans).proposals

    assert proposal.key.sources == (ORDER,)
    assert proposal.others == ()


def test_another_key_that_would_do_is_offered_with_why():
    def with_basket(one):
        key = one.attributes.get("order.id")
        if key and one.kind == Kind.PRODUCER:
            return one._replace(attributes={**one.attributes, "basket.ref": f"B{key[4:]}"})
        return one

    [proposal] = find(map(with_basket, World().spans())).proposals

    [other] = proposal.others
    assert [source.name for source in other.sources] == ["basket.ref"]
    assert (other.steps, proposal.key.steps, other.of) == (2, 4, 5)


def test_values_are_shown_shortened():
    proposal = only(World())

    assert proposal.key.examples
    assert all(len(example) <= 5 and example.endswith("…") for example in proposal.key.examples)


def test_what_was_left_out_says_why():
    left = find(World().spans()).left_out

    assert [(one.label, one.why.split(":")[0]) for one in left] == [
        ("gateway: GET /healthz", "one place alone"),
    ]


def test_events_still_on_their_way_do_not_spoil_the_share():
    spans = [one for one in World().spans() if one.start < NOON_NS + 75 * SECOND]

    [proposal] = find(spans).proposals

    assert proposal.share == 1.0
    assert proposal.open > 0


def test_retries_and_repetition_change_nothing():
    spans = World().spans()
    again = [
        one._replace(span_id=one.span_id[::-1], start=one.start + 5, error=True)
        for one in spans
        if one.kind == Kind.CONSUMER
    ]

    assert places(find([*spans, *again, *spans]).proposals[0]) == World().places


def test_nothing_comes_of_nothing():
    assert find([]).proposals == ()
    assert find([span("alone", kind=Kind.SERVER)]).proposals == ()


def test_a_hostile_name_makes_a_document_that_says_the_same():
    evil = 'x"}\n- {step: evil, match: {kind: server}} # \u2028\x85 \ufeff'
    hops = [("orders.accepted", evil, "parent"), ("orders.checked", "true", "parent")]
    proposal = only(World(hops=hops))

    [(flow, _)] = documents.flows(document(proposal))

    services = [next(iter(step.match.service.one_of)) for step in flow.steps]
    assert services == ["gateway", "gateway", evil, "true", "true"]


@st.composite
def worlds(draw):
    services = draw(st.permutations(["alpha", "beta", "gamma", "delta"]))
    count = draw(st.integers(1, 4))
    hops = [
        (f"orders.{word}", service, draw(st.sampled_from(CONTEXT)))
        for word, service in zip(("in", "mid", "late", "out"), services[:count], strict=False)
    ]
    return World(
        key=draw(st.sampled_from(["order.id", "orderId", "trade_ref", "invoice.number"])),
        hops=hops,
        last=draw(st.sampled_from(["", "orders.end"])),
        events=draw(st.integers(20, 40)),
        noise=draw(st.integers(0, 40)),
        seed=draw(st.integers(0, 10**6)),
    )


@given(worlds())
def test_the_proposed_flow_is_the_generators(world):
    proposal = only(world)

    assert places(proposal) == world.places
    assert proposal.key.sources == (replace(ORDER, name=world.key),)
    [(flow, _)] = documents.flows(document(proposal))
    assert [step.name for step in flow.steps] == [step.name for step in proposal.steps]
