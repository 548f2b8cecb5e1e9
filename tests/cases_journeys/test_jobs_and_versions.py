"""Cases 9, 10, 11, 15, 17, 18: platforms' jobs, splits, dead letters, amendments, repetition."""

from datetime import timedelta

import pytest

from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import flows
from slatrack.tracking.recorder import record
from tests.cases_journeys.play import (
    CLIENT,
    CONSUMER,
    INTERNAL,
    NOW,
    PRODUCER,
    SERVER,
    Play,
    always,
    message,
    play,
    steps,
    told,
)

pytestmark = pytest.mark.django_db

UUID = "0f7a2c1e-1111-2222-3333-444455556666"
CONNECTORS = """\
flow: lines
event_key: [line.id]
steps:
  - {step: read, role: ingress, match: {kind: producer, service: trades-in}}
  - {step: copied, match: {kind: consumer, service: replicator}, after: [read]}
  - {step: written, role: sink, match: {kind: consumer, service: trades-out}, after: [copied]}
"""


def test_case_9_connectors_of_one_worker_are_services_and_transformations_their_work():
    one = Play()
    worker = "connect-worker"
    for n in range(20):  # of which three are this flow's
        one.add(f"other{n}", worker, CONSUMER, f"other{n}", thread__name=f"task-thread-c{n}-0")
    one.add("smt in", worker, INTERNAL, "T1", called="HoistField", line__id="L1",
            thread__name="task-thread-trades-in-0")  # fmt: skip
    one.add("read", worker, PRODUCER, "T1", parent="smt in", thread__name="task-thread-trades-in-0",
            **message("lines", 7))  # fmt: skip
    reader = {"messaging.client.id": "connector-consumer-replicator-0"}
    copying, putting = "task-thread-replicator-0", "task-thread-trades-out-1"
    one.add("copy", worker, CONSUMER, "copy", at=1, took=1.0, called="lines process",
            **message("lines", 7, **reader))  # fmt: skip
    one.add("smt", worker, INTERNAL, "copy", parent="copy", at=1, took=0.8, called="ExtractField",
            thread__name=copying)  # fmt: skip
    one.add("copied", worker, PRODUCER, "copy", parent="copy", at=1.9, thread__name=copying,
            **message("a.lines", 3))  # fmt: skip
    one.add("put", worker, CONSUMER, "put", called="a.lines process", thread__name=putting,
            **message("a.lines", 3))  # fmt: skip
    [journey] = always(one, CONNECTORS).values()
    assert [(s["step"], s["service"]) for s in journey["steps"]] == [
        ("read", "trades-in"),
        ("copied", "replicator"),
        ("written", "trades-out"),
    ]
    assert (journey["status"], journey["spans"]) == ("done", 6)
    assert journey["legs"][-1]["working_ms"] >= 800  # the transformation's time is within it


QUERIES = """\
flow: lines
event_key: [line.id]
steps:
  - {step: in, role: ingress, match: {kind: server}}
  - {step: filtered, match: {kind: consumer, service: CSAS_BIG_7}, after: [in]}
  - {step: priced, match: {kind: consumer, service: pricing}, after: [filtered]}
  - {step: mirrored, role: sink, match: {kind: consumer, service: A->B}, after: [priced]}
"""


def test_case_10_queries_and_jobs_of_one_platform_are_services():
    one = Play()
    one.add("in", "gateway", SERVER, "T1", line__id="L1")
    one.add("out", "gateway", PRODUCER, "T1", parent="in", **message("lines", 1))
    for query in ("CSAS_BIG_7", "CTAS_A_1"):
        group = {"messaging.kafka.consumer.group": f"_confluent-ksql-default_query_{query}"}
        one.add(query, "ksqldb", CONSUMER, query, called="lines process",
                **message("lines", 1, **group))  # fmt: skip
    one.add("big", "ksqldb", PRODUCER, "CSAS_BIG_7", parent="CSAS_BIG_7", **message("big", 2))
    one.add("job", "flink", CONSUMER, "job", called="big process", **message("big", 2, **{
        "thread.name": "Source Data Fetcher for Source: big -> price",
        "messaging.consumer.group.name": "pricing"}))  # fmt: skip
    one.add("priced", "flink", PRODUCER, "job", parent="job", **message("priced", 4))
    one.add("mirror", "mm", CONSUMER, "mirror", called="priced process", **message("priced", 4, **{
        "messaging.client.id": "A->B|MirrorSourceConnector|replication-consumer"}))  # fmt: skip
    [journey] = always(one, QUERIES).values()
    assert [s["service"] for s in journey["steps"]] == ["gateway", "CSAS_BIG_7", "pricing", "A->B"]
    assert journey["status"] == "done"


ORDERS = """\
flow: orders
event_key: [order.id]
children: {expected: {attribute: order.legs}}
steps:
  - {step: placed, role: ingress, match: {service: gateway}}
---
flow: legs
event_key: [leg.id]
parent: {flow: orders, key: {pattern: '^(.+)/[0-9]+$'}}
steps:
  - {step: routed, role: ingress, match: {service: router}}
  - {step: reported, role: sink, match: {service: sink}, after: [routed]}
"""


def test_case_11_thirty_seven_of_forty_legs_are_reported():
    one = Play()
    one.add("in", "gateway", SERVER, "O1", order__id="O1", order__legs=40)
    for n in range(40):
        one.add(f"route{n}", "router", CONSUMER, f"leg{n}", leg__id=f"O1/{n}")
        if n < 37:
            one.add(f"report{n}", "sink", CLIENT, f"leg{n}", parent=f"route{n}", leg__id=f"O1/{n}")
    journeys = always(one, ORDERS, seeds=2)
    children = journeys["O1"]["children"]
    assert children["sentence"] == "37 of 40 done"
    assert {open_["key"] for open_ in children["open"]} == {f"O1/{n}" for n in (37, 38, 39)}
    assert journeys["O1/5"]["parent"] == {"flow": "orders", "key": "O1"}


def test_case_15_an_event_in_a_dead_letter_topic_says_where_and_why():
    one = Play()
    one.add("in", "gateway", SERVER, "T1", trade__id="T1")
    one.add("out", "gateway", PRODUCER, "T1", parent="in", **message("accepted", 4))
    one.add("process", "enricher", CONSUMER, "t", called="accepted process", status={"code": 2},
            **message("accepted", 4))  # fmt: skip
    one.add("letter", "enricher", PRODUCER, "t", parent="process", called="accepted.DLQ publish",
            **message("accepted.DLQ", 41, **{
                "messaging.header.kafka_dlt_exception_fqcn": ["NoIsin"],
                "messaging.header.kafka_dlt_exception_message": ["no ISIN"]}))  # fmt: skip
    [journey] = always(one).values()
    assert journey["status"] == "failed"
    [letter] = journey["dead_letters"]
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("accepted.DLQ", 0, 41)
    assert letter["exception"] == {"type": "NoIsin", "message": "no ISIN"}


VERSIONS = """\
flow: trades
event_key: [trade.id]
amend: {version: trade.version, clock: %s}
steps:
  - {step: received, role: ingress, match: {service: gateway}}
  - {step: reported, role: sink, match: {service: sink}, after: [received]}
  - {step: busted, role: cancel, match: {service: desk}}
"""


def versions(*more: str) -> Play:
    one = Play()
    for version in (1, 2):
        one.add(f"in{version}", "gateway", SERVER, f"v{version}", at=60.0 * version - 60,
                trade__id="T1", trade__version=version)  # fmt: skip
    one.add("out1", "sink", CLIENT, "v1", parent="in1", at=10, trade__id="T1")
    for name in more:
        one.add(name, "desk", CLIENT, name, at=90, trade__id="T1")
    return one


@pytest.mark.parametrize(("clock", "minute"), [("restart", "01"), ("inherit", "00")])
def test_case_17_an_amendment_restarts_the_clock_or_inherits_it(clock, minute):
    [journey] = always(versions(), VERSIONS % clock).values()
    assert (journey["status"], journey["started_at"][14:16]) == ("in_flight", minute)
    assert [v["version"] for v in journey["versions"]] == ["1", "2"]


def test_case_17_a_cancellation_ends_it():
    [journey] = always(versions("bust"), VERSIONS % "restart").values()
    assert journey["status"] == "cancelled"


def test_case_18_batches_repeated_reordered_and_hours_late_after_it_was_done():
    one = Play()
    one.add("in", "gateway", SERVER, "T1", trade__id="T1")
    one.add("out", "gateway", PRODUCER, "T1", parent="in", **message("accepted", 4))
    one.add("process", "enricher", CONSUMER, "t", called="accepted process", links=["out"],
            **message("accepted", 4))  # fmt: skip
    one.add("publish", "enricher", PRODUCER, "t", parent="process", **message("enriched", 5))
    one.add("put", "sink", CONSUMER, "s", called="enriched process", **message("enriched", 5))
    expected = always(one)
    assert expected["T1"]["status"] == "done"

    wanted, late = Wanted(flows.current().wanted), NOW + timedelta(hours=7)
    for data in list(one.batches(None, 2))[::-1] * 2:
        record(decode(data, wanted=wanted, now=late).spans, now=late)
    assert told() == expected

    ends_first = play(one, seed=99, size=1)
    assert ends_first == expected
    assert steps(expected["T1"])["reported"] == ("message", 1, 1)
