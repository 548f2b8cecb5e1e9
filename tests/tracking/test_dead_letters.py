"""Cases 14 and 15: retries, records expected N times, and events that nobody could process."""

from datetime import timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Otlp

from slatrack.tracking import flows, reading
from slatrack.tracking.models import Journey
from tests.bonds import NOON, after, sent, settle, store
from tests.otlp.build import key_values
from tests.recorded_flips import recorded

pytestmark = pytest.mark.django_db

TRADES = """\
flow: trades
event_key: [trade.id]
steps:
  - {step: received, role: ingress, match: {service: gateway}}
  - {step: enriched, match: {service: enricher, kind: consumer}, after: [received]}
  - {step: reported, role: sink, match: {service: sink}, after: [enriched]}
"""


@pytest.fixture(autouse=True)
def in_force():
    flows.save(TRADES, now=NOON - timedelta(days=1))


def received():
    return sent("in", "gateway", trace="T", trade__id="T")


def enriched(at=10.0, name="work", error="", trace="T", offset=7, events=()):
    return sent(
        name, "enricher", "consumer", trace=trace, parent="in", at=at, trade__id="T", error=error,
        events=events, messaging__kafka__message__offset=offset, messaging__operation="process",
        messaging__destination__name="trades", messaging__destination__partition__id="0",
    )  # fmt: skip


def put(topic="trades.DLQ", at=12.0, parent="work", **headers):
    return sent(
        f"{topic} publish", "enricher", "producer", trace="T", parent=parent, at=at, took=0.1,
        trade__id="T", messaging__destination__name=topic, messaging__kafka__message__offset=41,
        messaging__destination__partition__id="2", messaging__operation="publish", **headers,
    )  # fmt: skip


def thrown():
    said = {"exception.type": "java.lang.IllegalArgumentException", "exception.message": "no ISIN"}
    return Otlp.Event(name="exception", attributes=key_values(said))


def reported(at=100.0):
    return sent("out", "sink", "client", trace="again", at=at, trade__id="T")


def trade(at=200):
    return reading.journey("trades", "T", now=after(at))


def status():
    return Journey.objects.get().status


def test_an_event_in_a_dead_letter_topic_has_failed_and_says_where_and_why():
    store([received(), enriched(error="boom", events=[thrown()]), put()], at=14)
    assert (status(), recorded()) == ("failed", [])
    settle(30)

    assert trade()["status"] == "failed"
    [letter] = trade()["dead_letters"]
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("trades.DLQ", 2, 41)
    assert letter["exception"] == {
        "type": "java.lang.IllegalArgumentException",
        "message": "no ISIN",
    }
    assert recorded("after", "reason") == [
        ("failed", "put into dead-letter topic trades.DLQ, partition 2, offset 41")
    ]


def test_it_is_not_lost_for_everybody_knows_where_it_is():
    store([received(), put(parent="in")])
    settle(86400 * 3)
    assert status() == "failed"


@pytest.mark.parametrize(
    ("headers", "exception", "origin"),
    [
        (
            {
                "messaging.header.__connect.errors.exception.class.name": [
                    "org.apache.DataException"
                ],
                "messaging.header.__connect.errors.exception.message": ["bad schema"],
                "messaging.header.__connect.errors.topic": ["trades"],
                "messaging.header.__connect.errors.partition": ["3"],
                "messaging.header.__connect.errors.offset": ["77"],
            },
            {"type": "org.apache.DataException", "message": "bad schema"},
            {"topic": "trades", "partition": 3, "offset": 77},
        ),
        (
            {
                "messaging.header.kafka_dlt_exception_fqcn": ["a.B"],
                "messaging.header.kafka_dlt_exception_message": ["first", "second"],
                "messaging.header.kafka_dlt_original_topic": ["trades"],
            },
            {"type": "a.B", "message": "second"},
            {"topic": "trades", "partition": None, "offset": None},
        ),
        ({}, None, None),
    ],
)
def test_headers_say_why(headers, exception, origin):
    store([received(), put(parent="in", **headers)])
    [letter] = trade()["dead_letters"]
    assert (letter["exception"], letter["origin"]) == (exception, origin)


def test_driven_again_and_reported_it_is_done():
    store([received(), enriched(error="boom"), put()], at=14)
    settle(30)
    store([enriched(at=80, name="again", trace="redriven", offset=99)], at=90)
    assert status() == "in_flight"
    store([reported()], at=110)
    assert trade()["status"] == "done"
    assert recorded("before", "after", about="status") == [
        ("in_flight", "failed"),
        ("failed", "in_flight"),
    ]


@pytest.mark.parametrize(
    ("topic", "status_then"),
    [
        ("orders-dlq", "failed"),
        ("x.DLT", "failed"),
        ("dlq-x", "failed"),
        ("trades-dlqs", "in_flight"),
    ],
)
def test_common_names_are_known(topic, status_then):
    store([received(), put(topic, parent="in")])
    assert status() == status_then


def test_a_flow_may_name_its_own():
    flows.save(TRADES.replace("steps:", "dead_letters: ['graveyard.*']\nsteps:"), now=NOON)
    store([received(), put("graveyard.trades", parent="in")])
    assert status() == "failed"
    store([put("trades.DLQ", at=20, parent="in")])
    assert trade()["dead_letters"][0]["topic"] == "graveyard.trades"


def test_a_dead_letter_alone_makes_the_journey():
    store([put(parent="")])
    assert (status(), trade()["steps"][0]["step"]) == ("failed", "dead letter")


def test_three_tries_of_one_record_two_with_errors_are_done():
    tries = [enriched(at=10 + n, name=f"try {n}", error="boom" if n < 2 else "") for n in range(3)]
    store([received(), *tries, reported()], at=110)
    step = next(s for s in trade()["steps"] if s["step"] == "enriched")
    assert (step["attempts"], step["error"], trade()["status"]) == (3, False, "done")


def many(offsets):
    return [enriched(at=10 + n, name=f"n{n}", offset=o) for n, o in enumerate(offsets)]


@pytest.mark.parametrize(
    ("times", "counted", "offsets", "reached"),
    [
        ("3", {}, [1, 2], None),
        ("3", {}, [1, 2, 2, 1], None),
        ("3", {}, [1, 2, 2, 3], "2026-11-20T12:00:14.000Z"),
        ("{attribute: legs}", {"legs": 2}, [5], None),
        ("{attribute: legs}", {"legs": "2"}, [5, 6], "2026-11-20T12:00:12.000Z"),
        ("{attribute: legs}", {}, [5], "2026-11-20T12:00:11.000Z"),
    ],
)
def test_a_step_is_reached_when_n_distinct_records_were_handled(times, counted, offsets, reached):
    flows.save(TRADES.replace("step: enriched,", f"step: enriched, times: {times},"), now=NOON)
    entered = sent("in", "gateway", trace="T", trade__id="T", **counted)
    store([entered, *many(offsets), many(offsets)[0]])
    step = next(s for s in trade()["steps"] if s["step"] == "enriched")
    assert step["reached_at"] == reached
    assert (step["good"], step["attempts"]) == (len(set(offsets)), len(offsets))
