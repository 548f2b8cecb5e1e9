"""Topics that platforms make for themselves."""

import pytest

from slatrack.domain.topics import internal


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("__consumer_offsets", "Kafka"),
        ("__transaction_state", "Kafka"),
        ("words-KSTREAM-AGGREGATE-STATE-STORE-0000000003-changelog", "Kafka Streams changelog"),
        ("words-counts-changelog", "Kafka Streams changelog"),
        ("words-by-word-repartition", "Kafka Streams repartition"),
        (
            "app-KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-0000000006-topic",
            "Kafka Streams join",
        ),
        ("connect-configs", "Kafka Connect"),
        ("connect-offsets", "Kafka Connect"),
        ("connect-status", "Kafka Connect"),
        ("connect-cluster-a-offsets", "Kafka Connect"),
        ("_connect-configs", "Kafka Connect"),
        ("mm2-offset-syncs.B.internal", "MirrorMaker 2"),
        ("mm2-configs.A.internal", "MirrorMaker 2"),
        ("heartbeats", "MirrorMaker 2"),
        ("A.heartbeats", "MirrorMaker 2"),
        ("A.checkpoints.internal", "MirrorMaker 2"),
        ("default_ksql_processing_log", "ksqlDB"),
        ("_confluent-ksql-default__command_topic", "Confluent"),
        ("_confluent-metrics", "Confluent"),
        ("_confluent-ksql-default_query_CTAS_A_1-Aggregate-changelog", "Kafka Streams changelog"),
        ("_schemas", "Confluent"),
        ("trades.accepted", ""),
        ("changelog", ""),
        ("A.trades", ""),
        ("connect", ""),
        ("connections-status", ""),
        ("patient-heartbeats", ""),
        ("", ""),
    ],
)
def test_internal(topic, expected):
    assert internal(topic) == expected


def test_a_hostile_name_takes_no_time():
    assert internal("mm2-" + "-connect-.heartbeat" * 100_000) == ""
