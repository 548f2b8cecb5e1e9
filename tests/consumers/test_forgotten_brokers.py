"""Answers that name no broker make Kafka's client forget all it knew, for good (ADR 135)."""

import time

import pytest
from confluent_kafka import KafkaException, Producer
from django.conf import settings

from consumers import brokers as brokers_module
from consumers import hearing
from slatrack.tracking.models import Trace
from tests.consumers.test_kafka import cluster, one  # noqa: F401
from tests.servers.kafka_proxy import KafkaProxy

pytestmark = pytest.mark.servers

ATTEMPTS = 15  # to have the client forget: whether it does depends on when it asks


@pytest.fixture
def way(kafka_brokers):
    with KafkaProxy(kafka_brokers) as made:
        yield made


@pytest.fixture
def brokers(way, monkeypatch):
    often = {"topic.metadata.refresh.interval.ms": 1_000}
    monkeypatch.setattr(settings.SLATRACK, "kafka_options", often)
    return way.address


def work(member, seconds, until=lambda: False):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        member.run_once()


def is_lost(client):
    """Whether it still cannot reach Kafka, which has long been there again."""
    try:
        client.list_topics(timeout=4)
    except KafkaException:
        return True
    return False


def forget(way, member):
    """Have the broker answer as one that wakes up, until the client that reads is lost.

    Then its group has dropped the member, which owns no partition any more.
    """
    client, held = member.subscription._consumer, member.subscription.partitions.held
    for _ in range(ATTEMPTS):
        way.forgetting = True
        work(member, 6)
        way.forgetting = False
        if is_lost(client):
            work(member, 15, until=lambda: not held)  # longer than a session lasts
            if not held and is_lost(client):
                return
    pytest.fail("the client never forgot: is librdkafka's issue 5301 mended?")


@pytest.mark.usefixtures("brokers")
def test_a_member_whose_client_has_forgotten_all_brokers_is_replaced(
    cluster, way, kafka_brokers, monkeypatch  # noqa: F811
):  # fmt: skip
    cluster.send(one(1))
    member = cluster.join()
    cluster.until(lambda: cluster.offset() == 1)

    forget(way, member)
    producer = Producer({"bootstrap.servers": kafka_brokers, "log_level": 0})
    producer.produce(cluster.topic, one(2), partition=0)
    assert producer.flush(20) == 0
    monkeypatch.setattr(hearing, "SILENCE", 1.0)
    monkeypatch.setattr(brokers_module, "ANEW_AFTER", brokers_module.ASK_EVERY)
    with pytest.raises(hearing.DeafError, match="not by the client that reads"):
        cluster.until(lambda: cluster.offset() == 2)

    cluster.leave(member)
    cluster.join()
    cluster.until(lambda: cluster.offset() == 2)
    assert Trace.objects.count() == 2
