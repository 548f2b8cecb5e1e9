# ruff: noqa: E501 - tables read best as tables
"""The logical service of a span: connectors, queries and jobs, not the processes that host them."""

import pytest

from tests.otlp.build import export, read_one, span

UUID = "0f7a2c1e-1111-2222-3333-444455556666"


@pytest.mark.parametrize(
    ("resource", "attributes", "expected"),
    [
        ("shop", {}, "shop"),
        ("connect", {"service.name": "regulator-sink"}, "regulator-sink"),
        ("shop", {"service.name": ""}, "shop"),
        ("connect-cluster", {"thread.name": "task-thread-regulator-sink-0"}, "regulator-sink"),
        ("connect-cluster", {"messaging.client.id": "connector-consumer-my-sink-12"}, "my-sink"),
        ("ksqldb", {"messaging.kafka.consumer.group": "_confluent-ksql-default_query_CSAS_X_7"}, "CSAS_X_7"),
        ("ksqldb", {"messaging.client_id": f"_confluent-ksql-default_query_CTAS_A_1-{UUID}-StreamThread-1-consumer"}, "CTAS_A_1"),
        ("mm", {"messaging.client.id": "A->B|MirrorSourceConnector|replication-consumer"}, "A->B"),
        ("shop", {"messaging.client.id": "consumer-1", "messaging.consumer.group.name": "g"}, "shop"),
        ("unknown_service:java", {"messaging.consumer.group.name": "connect-my-sink"}, "my-sink"),
        ("unknown_service", {"messaging.consumer.group.name": "billing"}, "billing"),
        ("unknown_service", {"messaging.client.id": f"enricher-{UUID}-StreamThread-3-producer"}, "enricher"),
        ("unknown_service", {"messaging.client.id": "flinkjob-3"}, "flinkjob"),
        ("", {}, "unknown_service"),
        ("unknown_service:python", {}, "unknown_service"),
    ],
)  # fmt: skip
def test_service(resource, attributes, expected):
    sent = export(span("orders process", attributes), resource={"service.name": resource})

    assert read_one(sent).service == expected


def test_a_resource_without_a_name():
    assert read_one(export(span(), resource={})).service == "unknown_service"


def test_two_connectors_of_one_worker_are_two_services():
    spans = [
        read_one(export(span(attributes={"thread.name": f"task-thread-{name}-0"})))
        for name in ("sink-a", "sink-b")
    ]

    assert [one.service for one in spans] == ["sink-a", "sink-b"]


def test_the_resource_is_read_under_its_newest_names():
    sent = export(span(), resource={"service.name": "a", "deployment.environment": "prod"})

    assert read_one(sent).origin.resource["deployment.environment.name"] == "prod"
