"""Mute spans are told by their shape, and to some flows only."""

from typing import Any

import pytest

from slatrack.domain.facts import fact
from slatrack.domain.facts import place as place_of
from slatrack.domain.matching import NOTHING
from slatrack.domain.mute import Mute
from slatrack.domain.spans import Kind
from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import documents
from tests.otlp.build import NOON, export, failed, link, span

FLOW = """
flow: orders
event_key: [order.id]
steps:
  - {step: received, role: ingress, match: {kind: server, service: shop, name: {prefix: "POST "}}}
  - {step: stored, role: sink, match: {kind: client, scope: {prefix: jdbc}}}
"""
BY_TRACE = FLOW.replace("[order.id]", "[order.id, {trace: true}]")


def mute(document: str = FLOW) -> Mute:
    return Mute([flow for flow, *_ in documents.flows(document)])


def is_mute(told: Mute, *sent: Any, **place: Any) -> list[bool]:
    wanted = Wanted(frozenset({"order.id"}), mute=told)
    spans = decode(export(*sent, **place), wanted=wanted, now=NOON).spans
    for one in spans:
        if one.attributes is told.mark:  # then asking it in full comes to the same
            assert told._matcher.match(one) is NOTHING
            assert fact(one, NOTHING, {}) == place_of(one)
    return [one.attributes is told.mark for one in spans]


@pytest.mark.parametrize(
    ("sent", "is_it"),
    [
        ({}, True),
        ({"attributes": {"db.system": "postgresql"}}, True),
        ({"attributes": {"db.query.text": "SELECT " + 200 * "x"}}, True),
        ({"attributes": {"order.id": 200 * "1"}}, False),
        ({"attributes": {"service.name": "other"}}, False),
        ({"status": failed()}, True),
        ({"attributes": {"order.id": "A1"}}, False),
        ({"attributes": {"messaging.destination.name": "orders"}}, False),
        ({"kind": Kind.SERVER, "name": "POST /orders"}, False),
        ({"kind": Kind.SERVER, "name": "GET /orders"}, True),
        ({"kind": Kind.PRODUCER}, True),
        ({"kind": Kind.CONSUMER}, True),
        ({"kind": Kind.CONSUMER, "attributes": {"messaging.operation": "process"}}, False),
        ({"kind": Kind.CONSUMER, "attributes": {"messaging.kafka.message.offset": 7}}, False),
        ({"links": [link()]}, False),
    ],
)
def test_a_span_is_mute_that_no_step_key_or_other_span_could_want(sent, is_it):
    assert is_mute(mute(), span(**sent)) == [is_it]


def test_service_and_scope_count():
    server = span("POST /orders", kind=Kind.SERVER)
    client = span("INSERT", kind=Kind.CLIENT)
    told = mute()

    assert is_mute(told, server, client) == [False, True]
    assert is_mute(told, server, client, resource={"service.name": "other"}) == [True, True]
    assert is_mute(told, server, client, scope="jdbc-5") == [False, False]


def test_where_an_events_key_is_its_trace_no_span_is_mute():
    assert is_mute(mute(BY_TRACE), span()) == [False]


def test_names_and_places_without_end_are_not_all_remembered(monkeypatch):
    monkeypatch.setattr("slatrack.domain.mute.MAX_SHAPES", 50)
    told = mute()

    for place in range(20):
        for name in range(20):
            assert is_mute(told, span(f"work {name}"), scope=f"{place}") == [True]

    known = told._places
    assert len(known) + sum(map(len, known.values())) <= 50


def test_hosts_of_one_service_share_what_is_known_where_no_step_asks_for_the_resource():
    asks = FLOW.replace("scope: {prefix: jdbc}", "resource: {host.name: a}")
    one, other = mute(), mute(asks)

    for told in (one, other):
        for host in ("a", "b"):
            place = {"service.name": "shop", "host.name": host}
            is_mute(told, span("INSERT", kind=Kind.CLIENT), resource=place)

    assert (len(one._places), len(other._places)) == (1, 2)
    client = span("INSERT", kind=Kind.CLIENT)
    of = {host: is_mute(other, client, resource={"service.name": "shop", "host.name": host})
          for host in "ab"}  # fmt: skip
    assert of == {"a": [False], "b": [True]}


def test_the_mark_of_some_flows_is_not_that_of_others():
    one, other = mute(), mute()

    assert one.mark is not other.mark
    assert one.mark == other.mark == {}
