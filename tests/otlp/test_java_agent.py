"""The Java agent in all its modes, as captured: services, messages, links."""

from collections import Counter

import pytest

from slatrack.domain.spans import Kind
from slatrack.domain.topics import internal
from slatrack.otlp.decoding import Wanted, decode
from tests.java_captures import LINES, captured
from tests.otlp.build import NOON

IN, OUT = "streams-plaintext-input", "streams-pipe-output"
POLLS = {
    "default": {},
    "receive": {("pipe", IN): 2, ("trades-out", OUT): 2},
    "stable": {},
    "stable_and_receive": {("pipe", IN): 2, ("trades-out", OUT): 2},
    "aggregate_without_cache": {},
}


def spans(name, *services):
    decoded = decode(captured(name), wanted=Wanted(), now=NOON.replace(year=2027))
    assert decoded.rejected == []
    return [one for one in decoded.spans if not services or one.service in services]


def place(one):
    return one.topic, one.partition, one.offset


@pytest.mark.parametrize("name", LINES)
def test_two_connectors_of_one_worker_are_two_services(name):
    found = {one.service for one in spans(name)}

    assert found >= {"trades-in", "pipe", "trades-out"}
    assert found <= {"trades-in", "pipe", "trades-out", "words"}


@pytest.mark.parametrize("name", LINES)
def test_what_is_sent_is_what_is_processed(name):
    seen = {(one.service, one.kind, place(one)) for one in spans(name) if one.offset is not None}
    sent = {at for service, kind, at in seen if (service, kind) == ("trades-in", Kind.PRODUCER)}
    piped = {at for service, kind, at in seen if (service, kind) == ("pipe", Kind.CONSUMER)}

    assert sent == piped
    assert len(sent) == LINES[name]
    assert {topic for topic, _, _ in sent} == {IN}


@pytest.mark.parametrize("name", LINES)
def test_the_sink_links_to_the_producer_of_each_message(name):
    all_spans = spans(name)
    producers = {
        one.span_id: place(one) for one in all_spans if one.topic == OUT and one.operation == "send"
    }
    puts = [one for one in all_spans if one.service == "trades-out" and one.operation == "process"]
    links = [link for one in puts for link in one.links]

    assert {link.span_id for link in links} == set(producers)
    assert len(links) == LINES[name]
    if name.startswith("stable"):
        assert {link.span_id: link[2:] for link in links} == producers


@pytest.mark.parametrize("name", LINES)
def test_polls_are_told_apart_from_processing(name):
    polls = [
        one for one in spans(name, "pipe", "trades-in", "trades-out") if one.operation == "receive"
    ]

    assert Counter((one.service, one.topic) for one in polls) == POLLS[name]
    assert all(one.parent_id == b"" for one in polls)


def test_an_empty_put_says_nothing():
    [empty] = [one for one in spans("default", "trades-out") if not one.links]

    assert (empty.topic, empty.partition, empty.offset) == (None, None, None)


def test_changelog_and_repartition_topics_are_known():
    topics = Counter(internal(one.topic) for one in spans("default", "words"))

    assert topics == {
        "": 12 + 15,  # input and output
        "Kafka Streams repartition": 48 + 48,
        "Kafka Streams changelog": 15,
    }
