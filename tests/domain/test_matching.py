import pytest

from slatrack.domain.matching import NOTHING, Matcher
from slatrack.domain.spans import Kind
from tests.spans import ORIGIN, span
from tests.trades import trade_flow


def flow(match, event_key="id"):
    return trade_flow(f"flow: f\nevent_key: {event_key}\nsteps: [{{step: s, match: {match}}}]\n")


SPAN = span(
    "process trades",
    kind=Kind.CONSUMER,
    service="enricher",
    topic="trades.accepted",
    attributes={"id": "1", "http.route": "/trades", "retry": True, "n": 7, "tags": ("a", "b")},
)


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ("{kind: consumer}", True),
        ("{kind: [producer, consumer]}", True),
        ("{kind: server}", False),
        ("{service: enricher, topic: trades.accepted}", True),
        ("{service: enricher, topic: other}", False),
        ("{service: [a, enricher]}", True),
        ("{topic: {prefix: trades.}}", True),
        ("{topic: {prefix: other.}}", False),
        ("{topic: {pattern: '^trades\\..*d$'}}", True),
        ("{topic: {pattern: '^accepted'}}", False),
        ("{name: process trades}", True),
        ("{scope: tests}", True),
        ("{operation: {exists: true}}", False),
        ("{operation: {exists: false}}", True),
        ("{attributes: {http.route: /trades}}", True),
        ("{attributes: {http.route: /other}}", False),
        ("{attributes: {retry: true}}", True),
        ("{attributes: {n: 7}}", True),
        ("{attributes: {n: 8}}", False),
        ("{attributes: {tags: b}}", True),
        ("{attributes: {absent: {exists: false}}}", True),
        ("{attributes: {absent: {exists: true}}}", False),
        ("{resource: {cluster: blue}}", False),
    ],
)
def test_match(match, fits):
    matched = Matcher([flow(match)]).match(SPAN)
    assert matched.keys == (("f", "1"),)
    assert bool(matched.steps) is fits


def test_spans_of_one_shape_are_told_apart_by_resource_where_a_flow_asks_for_it():
    matcher = Matcher([flow("{resource: {cluster: blue}}")])
    blue = SPAN._replace(origin=ORIGIN._replace(resource={"cluster": "blue"}, raw_resource=b"1"))
    red = SPAN._replace(origin=ORIGIN._replace(resource={"cluster": "red"}, raw_resource=b"2"))

    assert matcher.match(blue).steps == (("f", "s"),)
    assert matcher.match(red).steps == ()
    assert matcher.match(blue).steps == (("f", "s"),)


def test_a_span_that_says_nothing_to_any_flow_costs_nothing():
    assert Matcher([flow("{kind: server}")]).match(span("noise")) is NOTHING


@pytest.mark.parametrize(
    ("event_key", "attributes", "topic", "key"),
    [
        ("[a, b]", {"b": "2"}, None, "2"),
        ("[a, b]", {"a": "1", "b": "2"}, None, "1"),
        ("[a]", {"a": 17}, None, "17"),
        ("[a]", {"a": ""}, None, None),
        ("[a]", {"a": "x" * 501}, None, None),
        ("[{message_key: trades.*}]", {"messaging.kafka.message.key": "k"}, "trades.in", "k"),
        ("[{message_key: trades.*}]", {"messaging.kafka.message.key": "k"}, "other", None),
        ("[{header: id}]", {"messaging.header.id": ("h",)}, None, "h"),
    ],
)
def test_the_first_key_found_wins(event_key, attributes, topic, key):
    matcher = Matcher([flow("{kind: internal}", event_key)])
    matched = matcher.match(span("x", attributes=attributes, topic=topic))
    assert matched.keys == ((("f", key),) if key else ())


def test_coordinates_or_the_trace_id_serve_where_there_is_no_business_key():
    at = span("x", topic="orders")._replace(partition=3, offset=42)
    by_message = Matcher([flow("{kind: internal}", "[{message: orders}]")]).match(at)
    by_trace = Matcher([flow("{kind: internal}", "[{trace: true}]")]).match(at)
    assert by_message.keys == (("f", "orders-3@42"),)
    assert by_trace.instead == (("f", at.trace_id.hex()),)


def test_names_that_never_repeat_do_not_grow_the_memory_without_bound():
    matcher = Matcher([flow("{kind: internal}")])
    for number in range(40_001):
        matcher.match(SPAN._replace(name=str(number)))
    assert sum(map(len, matcher._shapes.values())) <= 20_000


def test_keys_that_are_equal_as_numbers_are_different_events():
    matcher = Matcher([flow("{kind: consumer}")])
    sent = ["1", 1, True, 1.0, ("1", "2"), "1"]
    found = [matcher.match(SPAN._replace(attributes={"id": one})).keys for one in sent]
    keys = [[key for _, key in one] for one in found]
    assert keys == [["1"], ["1"], ["True"], ["1.0"], ["1", "2"], ["1"]]


def test_spans_of_one_shape_are_told_apart_by_scope_whichever_comes_first():
    matcher = Matcher([flow("{scope: tests}")])
    other = SPAN._replace(origin=ORIGIN._replace(scope="other"))
    found = [bool(matcher.match(one).steps) for one in (other, SPAN, SPAN, other, SPAN)]
    assert found == [False, True, True, False, True]
