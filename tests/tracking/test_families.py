"""Case 11: an order splits into legs with their own keys; all must be reported."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slatrack.tracking import flows, reading
from slatrack.tracking.models import (
    Child,
    Deadline,
    Flip,
    Journey,
    Recount,
    SpanBlock,
    Trace,
    UnroutedFlip,
)
from tests.bonds import after, sent, settle, store
from tests.deadlines import deadline, values

pytestmark = pytest.mark.django_db

ORDERS = """\
flow: orders
event_key: [order.id]
children: {expected: {attribute: order.legs}}
steps:
  - {step: placed, role: ingress, match: {service: gateway}}
  - {step: split, match: {service: splitter}, after: [placed]}
deadlines:
  - {deadline: all reported, rule: {kind: duration, from: ingress, amount: PT1H}, until: children}
"""
LEGS = """\
flow: legs
event_key: [leg.id]
parent: {flow: orders, key: {pattern: '^(.+)/[0-9]+$'}}
steps:
  - {step: routed, role: ingress, match: {service: router}}
  - {step: reported, role: sink, match: {service: sink}, after: [routed]}
  - {step: busted, role: cancel, match: {service: desk}}
"""
BY_ATTRIBUTE = LEGS.replace("{pattern: '^(.+)/[0-9]+$'}", "order.ref")


@pytest.fixture(autouse=True)
def in_force():
    flows.save(f"{ORDERS}---\n{LEGS}", now=after(-86400))


def placed(order="O1", legs=3, **fields):
    counted = {} if legs is None else {"order__legs": legs}
    return sent(f"{order} in", "gateway", order__id=order, **counted, **fields)


def split(order="O1"):
    return sent(f"{order} split", "splitter", "consumer", at=1, order__id=order)


def routed(leg, at=2, **fields):
    return sent(f"{leg} routed", "router", "consumer", trace=leg, at=at, leg__id=leg, **fields)


def reported(leg, at=10, **fields):
    return sent(f"{leg} out", "sink", "client", trace=leg, at=at, leg__id=leg, **fields)


def busted(leg, at=20):
    return sent(f"{leg} bust", "desk", "client", at=at, leg__id=leg)


def order(key="O1"):
    return reading.journey("orders", key, now=after(100))


def test_an_order_is_done_when_all_its_legs_are():
    store([placed(), split(), *(routed(f"O1/{n}") for n in (1, 2, 3)), reported("O1/1")])
    settle()

    seen = order()
    assert (seen["status"], seen["children"]["sentence"]) == ("in_flight", "1 of 3 done")
    assert {one["key"] for one in seen["children"]["open"]} == {"O1/2", "O1/3"}
    assert reading.journey("legs", "O1/2", now=after(100))["parent"] == {
        "flow": "orders",
        "key": "O1",
    }

    store([reported("O1/2", at=50), reported("O1/3", at=30)])
    settle()

    seen = order()
    assert (seen["status"], seen["children"]["sentence"]) == ("done", "3 of 3 done")
    assert seen["ended_at"] == seen["children"]["last_ended_at"] == "2026-11-20T12:00:51.000Z"
    one = deadline()
    assert (one.verdict, one.reached_at) == ("met", after(51))


def test_a_leg_not_yet_heard_of_is_waited_for():
    store([placed(legs=2), split(), routed("O1/1"), reported("O1/1")])
    settle()
    assert (order()["status"], order()["children"]["sentence"]) == ("in_flight", "1 of 2 done")
    settle(3601)
    assert deadline().verdict == "missed"


def test_without_a_number_the_known_legs_count_and_are_judged_when_it_is_due():
    store([placed(legs=None), split(), routed("O1/1"), reported("O1/1")])
    settle()
    assert order()["status"] == "done"
    assert deadline().verdict == "waiting"  # another leg may yet turn up
    settle(3601)
    assert deadline().verdict == "met"


def test_a_cancelled_leg_need_not_be_reported():
    store([placed(legs=2), split(), routed("O1/1"), routed("O1/2"), reported("O1/1")])
    store([busted("O1/2")])
    settle()
    children = order()["children"]
    assert (children["sentence"], children["cancelled"]) == ("1 of 1 done, 1 cancelled", 1)
    assert order()["status"] == "done"


def test_a_leg_that_failed_or_is_lost_is_counted_so_and_the_order_is_not_lost_before_it():
    store([placed(legs=2), split(), routed("O1/1"), routed("O1/2", at=3600), reported("O1/1")])
    settle(86400 + 3000)  # the order's own silence is a day, a leg of it is not
    assert order()["status"] == "in_flight"
    settle(86400 + 3700)
    assert order()["children"]["lost"] == 1
    assert Journey.objects.get(key="O1").status == "lost"


def test_the_attribute_of_a_leg_may_name_its_order():
    flows.save(BY_ATTRIBUTE, now=after(-80000))
    store([routed("A", order__ref="O1"), reported("A"), placed(legs=1), split()])
    settle()
    assert order()["status"] == "done"


def test_a_leg_whose_order_turns_out_to_be_another_moves():
    flows.save(BY_ATTRIBUTE, now=after(-80000))
    store([placed("O1", 1), split("O1"), placed("O2", 1), split("O2")])
    store([reported("A", order__ref="O2")])
    settle()
    assert (order("O1")["children"]["known"], order("O2")["children"]["known"]) == (0, 1)
    store([routed("A", order__ref="O1")])  # earlier, so it is what counts
    settle()
    assert (order("O1")["children"]["known"], order("O2")["children"]["known"]) == (1, 0)


def test_an_order_may_split_into_orders_of_its_own_flow_and_rings_end():
    flows.save(
        ORDERS.replace("children:", "parent: {flow: orders, key: order.parent}\nchildren:"),
        now=after(-80000),
    )
    store([placed("A", 1, order__parent="B"), split("A"), placed("B", 1, order__parent="A")])
    store([placed("C", 0, order__parent="C"), split("C")])
    settle()
    assert not Recount.objects.exists()
    assert order("C")["status"] == "done"  # no child of its own, though it says so
    assert order("A")["children"]["known"] == order("B")["children"]["known"] == 1


def test_grandchildren_are_counted_through():
    flows.save(
        ORDERS.replace("children:", "parent: {flow: orders, key: order.parent}\nchildren:"),
        now=after(-80000),
    )
    store([placed("A", 1), split("A"), placed("B", 1, order__parent="A"), split("B")])
    store([routed("B/1")])
    settle()
    assert order("A")["status"] == "in_flight"
    store([reported("B/1", at=40)])
    settle()
    assert (order("B")["status"], order("A")["status"]) == ("done", "done")
    assert order("A")["ended_at"] == "2026-11-20T12:00:41.000Z"


def test_how_many_there_are_may_be_known_last():
    store([split(), routed("O1/1"), reported("O1/1")])
    settle()
    assert Journey.objects.get(key="O1").children["expected"] is None
    store([placed(legs=2)])
    settle()
    assert Journey.objects.get(key="O1").children["expected"] == 2
    assert (order()["status"], order()["children"]["sentence"]) == ("in_flight", "1 of 2 done")


def world():
    return [
        *(placed(f"O{n}", legs) for n, legs in enumerate((0, 2, 3, None))),
        *(split(f"O{n}") for n in range(4)),
        *(routed(f"O{n}/{leg}") for n in (1, 2, 3) for leg in range(3)),
        *(reported(f"O{n}/{leg}", at=10 + leg) for n in (1, 2) for leg in range(n + 1)),
        reported("O3/1", at=9, error="refused"),
        reported("O3/2", at=12),
        busted("O2/1"),
        busted("O3/0"),
    ]


def rows():
    children = Child.objects.values_list("journey__key", "parent", "status", "ended_at", "last_at")
    journeys = Journey.objects.values_list("key", "status", "children", "ended_at", "next_at")
    judged = values("journey__key", "verdict", "due_at", "reached_at")
    return [sorted(found, key=str) for found in (children, journeys, judged)]


def forget():
    for model in (Recount, Child, Flip, UnroutedFlip, Deadline, Journey, Trace, SpanBlock):
        model.objects.all().delete()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_any_order_repetition_and_batching_counts_the_same(chance):
    forget()
    store(world())
    settle()
    expected = rows()
    assert {row[1] for row in expected[1]} == {"done", "in_flight", "failed", "cancelled"}

    forget()
    spans = [*world(), *chance.sample(world(), 8)]
    chance.shuffle(spans)
    while spans:
        some, spans = spans[:7], spans[7:]
        store(some)
        if chance.random() < 0.5:
            settle()
    settle()
    assert rows() == expected


def test_many_legs_are_counted_once_a_look(django_assert_max_num_queries):
    legs = [reported(f"O1/{n}", at=10 + n / 1000) for n in range(400)]
    random.Random(1).shuffle(legs)
    store([placed(legs=400), split()])
    for start in range(0, 400, 100):
        store(legs[start : start + 100])
    with django_assert_max_num_queries(30):
        settle()
    assert order()["children"]["sentence"] == "400 of 400 done"
    assert order()["status"] == "done"
