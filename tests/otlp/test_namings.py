# ruff: noqa: E501 - tables read best as tables
"""Every naming rule of the table, and those of an installation."""

import pytest

from slatrack.otlp.decoding import Wanted, decode
from slatrack.otlp.full import explain
from slatrack.otlp.namings import Naming
from tests.otlp.build import NOON, export, read_one, span

UUID = "0f7a2c1e-1111-2222-3333-444455556666"
THREAD, CLIENT, GROUP = "thread.name", "messaging.client.id", "messaging.consumer.group.name"
FETCHER = "Source Data Fetcher for Source: trades -> enrich (2/4)#0"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({THREAD: "task-thread-regulator-sink-0"}, "regulator-sink"),
        ({CLIENT: "connector-consumer-my-sink-12"}, "my-sink"),
        ({CLIENT: "connector-producer-my-source-0"}, "my-source"),
        ({"messaging.kafka.client_id": "connector-adminclient-my-sink-0"}, "my-sink"),
        ({THREAD: "task-thread-MirrorSourceConnector-0", CLIENT: "A->B|MirrorSourceConnector-0|replication-consumer"}, "A->B"),
        ({CLIENT: "A->B"}, "A->B"),
        ({GROUP: "_confluent-ksql-default_query_CSAS_X_7"}, "CSAS_X_7"),
        ({GROUP: "_confluent-ksql-prod_transient_transient_TRADES_42_1700000000000"}, "transient_TRADES_42"),
        ({CLIENT: f"_confluent-ksql-default_query_CTAS_A_1-{UUID}-StreamThread-1-consumer"}, "CTAS_A_1"),
        ({THREAD: f"_confluent-ksql-default_query_CTAS_A_1-{UUID}-StreamThread-1"}, "CTAS_A_1"),
        ({THREAD: FETCHER, GROUP: "trade-job", CLIENT: "trade-job-3"}, "trade-job"),
        ({THREAD: FETCHER, CLIENT: "trade-job-3"}, "trade-job"),
        ({THREAD: FETCHER}, "platform"),
        ({GROUP: "trade-job", CLIENT: "trade-job-3"}, "platform"),
        ({GROUP: "connect-my-sink"}, "platform"),
        ({CLIENT: f"enricher-{UUID}-StreamThread-3-producer"}, "platform"),
    ],
)  # fmt: skip
def test_a_host_of_many_jobs_is_told_apart_where_it_can_be(attributes, expected):
    sent = export(span("orders process", attributes), resource={"service.name": "platform"})

    assert read_one(sent).service == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({GROUP: "connect-my-sink"}, "my-sink"),
        ({GROUP: "A-mm2"}, "MirrorMaker A"),
        ({GROUP: "spark-kafka-source-1c3b-driver-0"}, "spark"),
        ({GROUP: "spark-executor-billing"}, "billing"),
        ({CLIENT: f"enricher-{UUID}-StreamThread-3-producer"}, "enricher"),
        ({THREAD: f"enricher-{UUID}-StreamThread-3"}, "enricher"),
        ({CLIENT: "mine-StreamThread-3-restore-consumer"}, "mine"),
        ({CLIENT: "enumerated-enumerator-consumer"}, "enumerated"),
        ({CLIENT: "flinkjob-3"}, "flinkjob"),
        ({GROUP: "billing", CLIENT: "consumer-billing-1"}, "billing"),
        ({CLIENT: "solo"}, "solo"),
    ],
)
def test_where_the_resource_has_no_name_clients_and_groups_suggest_one(attributes, expected):
    sent = export(span("orders process", attributes), resource={"service.name": "unknown_service"})

    assert read_one(sent).service == expected


def test_twenty_connectors_of_one_worker_are_twenty_services():
    names = [f"sink-{n}" for n in range(20)]
    sent = [
        span(attributes={THREAD: f"task-thread-{name}-{n % 3}"}) for n, name in enumerate(names)
    ]
    decoded = decode(export(*sent), wanted=Wanted(), now=NOON)

    assert [one.service for one in decoded.spans] == names


OWN = (
    Naming("own", "k8s.job", r"job-(.+)", r"batch \1"),
    Naming("own", CLIENT, r"edge-(.+)", r"edge \1", certain=False),
)


@pytest.mark.parametrize(
    ("resource", "attributes", "expected"),
    [
        ("platform", {"k8s.job": "job-nightly"}, "batch nightly"),
        ("platform", {"k8s.job": "job-nightly", THREAD: "task-thread-a-0"}, "batch nightly"),
        ("platform", {"k8s.job": "daily", THREAD: "task-thread-a-0"}, "a"),
        ("platform", {CLIENT: "edge-7"}, "platform"),
        ("", {CLIENT: "edge-7"}, "edge 7"),
        ("", {"messaging.kafka.client_id": "edge-7", GROUP: "g"}, "edge 7"),
        ("platform", {"service.name": "said", "k8s.job": "job-nightly"}, "said"),
    ],
)
def test_an_installation_names_its_own_before_all_others(resource, attributes, expected):
    sent = export(span("x", attributes), resource={"service.name": resource})

    [one] = decode(sent, wanted=Wanted(namings=OWN), now=NOON).spans

    assert one.service == expected
    in_full = explain(one.origin.raw_resource, one.origin.raw_scope, one.raw, OWN)
    assert in_full["service"] == expected


def test_a_name_made_of_a_hostile_value_is_short():
    own = (Naming("own", "job", "(.*)", r"\1\1\1\1"),)

    sent = export(span("x", {"job": "a" * 100_000}))

    [one] = decode(sent, wanted=Wanted(namings=own), now=NOON).spans
    assert len(one.service) == 300
