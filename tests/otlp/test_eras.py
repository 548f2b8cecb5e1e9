# ruff: noqa: E501 - tables read best as tables
"""Every instrumentation and era of the conventions, as read from their own tests and code."""

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

from tests.otlp.build import SPAN, TRACE, export, link, read_one, span

PRODUCER, CONSUMER, CLIENT = (
    Sent.SPAN_KIND_PRODUCER,
    Sent.SPAN_KIND_CONSUMER,
    Sent.SPAN_KIND_CLIENT,
)

ERAS = {
    "newest, all strings": (
        "process orders",
        CONSUMER,
        {
            "messaging.destination.name": "orders",
            "messaging.destination.partition.id": "2",
            "messaging.kafka.offset": 7,
            "messaging.operation.type": "process",
            "messaging.operation.name": "process",
        },
        ("orders", 2, 7, "process"),
    ),
    "Java agent, default": (
        "orders process",
        CONSUMER,
        {
            "messaging.destination.name": "orders",
            "messaging.destination.partition.id": "2",
            "messaging.kafka.message.offset": 7,
            "messaging.operation": "process",
        },
        ("orders", 2, 7, "process"),
    ),
    "1.17 to 1.20, consumer": (
        "orders receive",
        CONSUMER,
        {
            "messaging.source.name": "orders",
            "messaging.kafka.source.partition": 2,
            "messaging.kafka.message.offset": 7,
            "messaging.operation": "receive",
        },
        ("orders", 2, 7, "receive"),
    ),
    "oldest": (
        "orders send",
        PRODUCER,
        {"messaging.destination": "orders", "messaging.kafka.partition": 2},
        ("orders", 2, None, "send"),
    ),
    "both sets: the newest wins, wherever it stands": (
        "orders publish",
        PRODUCER,
        {
            "messaging.destination": "old",
            "messaging.kafka.partition": 9,
            "messaging.destination.name": "orders",
            "messaging.destination.partition.id": "2",
            "messaging.kafka.offset": "7",
            "messaging.kafka.message.offset": 8,
            "messaging.operation": "publish",
        },
        ("orders", 2, 7, "send"),
    ),
    "Spring, numbers as strings": (
        "orders receive",
        CONSUMER,
        {
            "messaging.source.name": "orders",
            "messaging.kafka.source.partition": "2",
            "messaging.kafka.message.offset": "7",
        },
        ("orders", 2, 7, "receive"),
    ),
    "Python confluent-kafka, offset inside message.id": (
        "orders process",
        CONSUMER,
        {
            "messaging.destination": "orders",
            "messaging.kafka.partition": 2,
            "messaging.message.id": "orders.2.7",
        },
        ("orders", 2, 7, "process"),
    ),
    "a topic with dots, inside message.id": (
        "trades.accepted process",
        CONSUMER,
        {
            "messaging.destination": "trades.accepted",
            "messaging.message_id": "trades.accepted.2.7",
        },
        ("trades.accepted", 2, 7, "process"),
    ),
    "a message id that is no offset": (
        "orders publish",
        PRODUCER,
        {"messaging.destination": "orders", "messaging.message_id": "4711"},
        ("orders", None, None, "send"),
    ),
    "topic only in the name, verb after": ("orders receive", CONSUMER, {}, ("orders", None, None, "receive")),
    "topic only in the name, verb before": ("poll orders", CONSUMER, {}, ("orders", None, None, "receive")),
    "hand-written": ("Kafka receive orders", CONSUMER, {}, ("orders", None, None, "receive")),
    "the Java agent's word for no topic": ("unknown process", CONSUMER, {}, (None, None, None, "process")),
    "a topic that is called so": ("unknown process", CONSUMER, {"messaging.destination.name": "unknown"}, ("unknown", None, None, "process")),
    "a verb and no topic": ("recv", CONSUMER, {}, (None, None, None, "receive")),
    "several topics in the name": ("a, b receive", CONSUMER, {}, (None, None, None, None)),
    "a server is no message": ("GET /orders", Sent.SPAN_KIND_SERVER, {}, (None, None, None, None)),
    "offset -1 is none": (
        "orders send",
        PRODUCER,
        {"messaging.destination.name": "orders", "messaging.kafka.offset": -1},
        ("orders", None, None, "send"),
    ),
    "numbers that are none": (
        "orders send",
        PRODUCER,
        {
            "messaging.destination.name": "orders",
            "messaging.kafka.offset": "seven",
            "messaging.destination.partition.id": True,
        },
        ("orders", None, None, "send"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "attributes", "expected"), ERAS.values(), ids=ERAS)
def test_message_coordinates(name, kind, attributes, expected):
    one = read_one(export(span(name, attributes, kind=kind)))

    assert (one.topic, one.partition, one.offset, one.operation) == expected


@pytest.mark.parametrize(
    ("scope", "name", "attributes", "expected"),
    [
        ("io.smallrye.reactive.messaging", "orders publish", {"messaging.kafka.message.offset": 0}, (None, None)),
        ("go.opentelemetry.io/contrib/otelsarama", "orders publish", {"messaging.kafka.destination.partition": 2, "messaging.message.id": "7"}, (2, 7)),
        ("opentelemetry.instrumentation.kafka", "orders send", {"messaging.kafka.partition": 2}, (None, None)),
        ("checkout", "orders publish", {"messaging.kafka.destination.partition": 0, "messaging.kafka.message.offset": 7}, (None, 7)),
        ("checkout", "bills publish", {"messaging.kafka.destination.partition": 0, "messaging.kafka.message.offset": 7}, (0, 7)),
        ("kotel", "orders publish", {"messaging.kafka.destination.partition": 2, "messaging.kafka.message.offset": 7}, (2, 7)),
    ],
)  # fmt: skip
def test_producers_are_believed_as_far_as_their_instrumentation_is_right(
    scope, name, attributes, expected
):
    sent = {"messaging.destination.name": "orders"} | attributes

    one = read_one(export(span(name, sent, kind=PRODUCER), scope=scope))

    assert (one.partition, one.offset) == expected


def test_links_carry_the_coordinates_of_a_batch():
    links = [
        link(span_id=bytes([n]) * 8, **{"messaging.kafka.offset": n, "messaging.destination.partition.id": "1"})
        for n in (1, 2)
    ]  # fmt: skip
    sent = span("poll orders", {"messaging.destination.name": "orders"}, kind=CLIENT, links=links)

    one = read_one(export(sent))

    assert [(got.topic, got.partition, got.offset) for got in one.links] == [
        ("orders", 1, 1),
        ("orders", 1, 2),
    ]


def test_the_topic_of_links_is_the_topic_of_the_span_where_all_agree():
    links = [link(**{"messaging.destination.name": "orders"})]

    assert read_one(export(span("poll", kind=CONSUMER, links=links))).topic == "orders"


def test_bad_links_are_left_out_and_dropped_ones_counted():
    links = [link(), link(trace_id=bytes(16)), link(span_id=b"short")]

    one = read_one(export(span(links=links, dropped_links_count=3)))

    assert [(got.trace_id, got.span_id) for got in one.links] == [(TRACE, SPAN)]
    assert one.dropped_links == 3


@pytest.mark.parametrize("asked", ["http.request.method", "http.method"])
@pytest.mark.parametrize("sent", ["http.request.method", "http.method"])
def test_old_and_new_names_find_each_other(asked, sent):
    one = read_one(export(span("GET", {sent: "GET"})), asked)

    assert one.attributes[asked] == "GET"


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ("url.path", "/trades"),
        ("http.target", "/trades?id=1"),
        ("http.url", "http://x/trades?id=1"),
    ],
)
def test_the_path_is_found_in_older_attributes(sent, value):
    assert read_one(export(span("GET", {sent: value})), "url.path").attributes == {
        "url.path": "/trades"
    }


@pytest.mark.parametrize(
    "sent", ["messaging.header.Trade-Id", "messaging.header.trade_id", "messaging.header.trade-id"]
)
def test_captured_headers(sent):
    one = read_one(export(span("x", {sent: ["T-1"]})), "messaging.header.Trade-Id")

    assert one.attributes == {"messaging.header.Trade-Id": ("T-1",)}


def test_only_wanted_attributes_are_kept_of_duplicates_the_first():
    sent = span("x", {"trade.id": "T-1", "noise": "n"})
    sent.attributes.add(key="trade.id").value.string_value = "T-2"

    assert read_one(export(sent), "trade.id").attributes == {"trade.id": "T-1"}


def test_values_of_every_type():
    sent = {
        "s": "a",
        "i": -5,
        "b": True,
        "d": 0.5,
        "n": float("nan"),
        "a": ["x", 1, True],
        "y": b"k",
    }

    one = read_one(export(span("x", sent)), *sent)

    assert one.attributes == {
        "s": "a", "i": -5, "b": True, "d": 0.5, "n": "nan", "a": ("x", "1", "true"), "y": "k",
    }  # fmt: skip


def test_a_long_name_is_read_like_a_short_one():
    name = "very." * 60 + "long"

    for n in range(600):  # more than are remembered for one key
        assert read_one(export(span("x", {name: f"v{n}"})), name).attributes == {name: f"v{n}"}
