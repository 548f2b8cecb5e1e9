"""What a link means: one event on both ends, or a reference; and which message a span is of."""

import pytest

from slatrack.domain.edges import LINKED, SAME_EVENT, WENT_IN, Message, Side, meaning, side
from slatrack.domain.facts import fact
from slatrack.domain.matching import NOTHING
from slatrack.domain.spans import Kind, Link
from tests.spans import span, span_id, trace_id

PRODUCER = Link(trace_id("t"), span_id("p"))


@pytest.mark.parametrize(
    ("kind", "name", "operation", "expected"),
    [
        (Kind.CONSUMER, "orders process", "process", SAME_EVENT),
        (Kind.CONSUMER, "", None, SAME_EVENT),
        (Kind.CLIENT, "poll orders", "receive", SAME_EVENT),
        (Kind.SERVER, "process orders", "process", SAME_EVENT),
        (Kind.INTERNAL, "handle", "process", SAME_EVENT),
        (Kind.INTERNAL, "positions cache-flush", None, SAME_EVENT),
        (Kind.PRODUCER, "reports send", "send", WENT_IN),
        (Kind.CLIENT, "send reports", "send", WENT_IN),
        (Kind.INTERNAL, "build report", None, LINKED),
        (Kind.CLIENT, "GET", None, LINKED),
        (Kind.SERVER, "commit orders", "settle", LINKED),
        (
            Kind.INTERNAL,
            "balances state-store-get",
            None,
            "last wrote the value read from balances",
        ),
        (
            Kind.INTERNAL,
            "state-store-put balances",
            None,
            "last wrote the value replaced in balances",
        ),
        (Kind.CONSUMER, "KTable-Lookup", None, "last wrote the value looked up in its store"),
        (Kind.INTERNAL, "{0} aggregate", None, "last changed what is aggregated in {0}"),
    ],
)
def test_what_the_links_of_a_span_mean(kind, name, operation, expected):
    assert meaning(kind, name, operation) == expected


def test_a_span_is_on_the_side_that_its_kind_or_its_operation_says():
    assert side(Kind.CONSUMER, "send") == Side.CONSUMES
    assert side(Kind.PRODUCER, None) == Side.PRODUCES
    assert side(Kind.CLIENT, "send") == Side.PRODUCES
    assert side(Kind.CLIENT, "receive") == Side.CONSUMES
    assert side(Kind.CLIENT, "settle") == side(Kind.SERVER, None) == Side.NONE


def fact_of(one, **fields):
    return fact(one._replace(**fields), NOTHING, {})


def test_a_fact_joins_or_refers_and_never_both():
    consumer = fact_of(span("c", kind=Kind.CONSUMER), links=(PRODUCER,))
    assert (consumer.joins, consumer.references) == ((PRODUCER,), ())
    reader = fact_of(span("r", span_name="balances state-store-get"), links=(PRODUCER,))
    assert reader.joins == ()
    [found] = reader.references
    assert found[:2] == PRODUCER[:2]
    assert "balances" in found.why


def test_a_link_to_the_parent_adds_nothing():
    child = fact_of(span("c", kind=Kind.CONSUMER, parent="p"), links=(PRODUCER,))
    assert child.joins == ()


def test_a_span_that_says_nothing_to_flows_keeps_the_message_it_is_of():
    place = {"topic": "orders", "partition": 3, "offset": 41}
    assert fact_of(span("p", kind=Kind.PRODUCER), **place).messages == (Message("orders", 3, 41),)
    assert fact_of(span("w"), **place).messages == ()
    assert fact_of(span("p", kind=Kind.PRODUCER), **place | {"partition": None}).messages == ()


def test_a_batch_reads_the_messages_that_its_links_name():
    links = tuple(PRODUCER._replace(topic="orders", partition=0, offset=n) for n in (7, 8, 7))
    poll = fact_of(span("poll", kind=Kind.CLIENT), links=links, operation="receive")
    assert poll.messages == (Message("orders", 0, 7), Message("orders", 0, 8))
    sent = fact_of(span("send", kind=Kind.PRODUCER), links=links)
    assert sent.messages == ()
