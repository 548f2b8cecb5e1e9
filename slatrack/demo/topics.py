"""The demo's topics, made before anybody reads them."""

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from slatrack.demo.lines import LINES

SPANS = "otlp_spans"
LOGS = "otlp_logs"
PARTITIONS = 4
_THERE = (None, KafkaError.LEADER_NOT_AVAILABLE)


def ensure(brokers: str) -> None:
    """Make the topics that are missing; KafkaException if the brokers cannot be reached.

    Asking for one is enough where brokers make topics by themselves, as the embedded one does.
    """
    asker = Producer({"bootstrap.servers": brokers, "log_level": 2})
    names = [SPANS, LOGS, *(topic for line in LINES for topic in line.topics)]
    missing = [name for name in names if not _exists(asker, name)]
    if missing:
        _create(brokers, missing)


def _exists(asker: Producer, name: str) -> bool:
    error = asker.list_topics(name, timeout=10).topics[name].error
    return (error.code() if error else None) in _THERE


def _create(brokers: str, names: list[str]) -> None:
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 2})
    wanted = [NewTopic(name, num_partitions=PARTITIONS) for name in names]
    for made in admin.create_topics(wanted).values():
        try:
            made.result(timeout=10)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
