"""A real one-node Kafka (KRaft), and librdkafka's in-process mock cluster."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from .process import LOOPBACK, Missing, free_port, running

ROOT = Path(__file__).resolve().parents[2]
JARS = ROOT / ".cache" / "kafka"
HEAP = ["-Xmx512m", "-Xms256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


@contextmanager
def real(folder: Path) -> Iterator[str]:
    """Yield the bootstrap address of a fresh Kafka that keeps its data in `folder`."""
    java = shutil.which("java")
    if java is None or not any(JARS.glob("kafka_2.13-*.jar")):
        raise Missing("no Kafka in .cache/kafka or no Java 17: .ci/install gets both")
    broker, controller = free_port(), free_port()
    config = folder / "server.properties"
    config.write_text(_properties(broker, controller, folder / "log"))
    command = [java, *HEAP, "-cp", f"{JARS}/*"]
    format_log = [*command, "kafka.tools.StorageTool", "format", "-c", str(config)]
    subprocess.run([*format_log, "-t", "c2xhdHJhY2stdGVzdC0wMQ"], check=True, capture_output=True)
    address = f"{LOOPBACK}:{broker}"
    admin = AdminClient({"bootstrap.servers": address, "log_level": 0})
    with running(
        [*command, "kafka.Kafka", str(config)],
        log=folder / "kafka.out",
        ready=lambda: _has_broker(admin),
    ):
        yield address


def _has_broker(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=1).brokers)
    except Exception:
        return False


def _properties(broker: int, controller: int, log: Path) -> str:
    return f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{LOOPBACK}:{controller}
listeners=PLAINTEXT://{LOOPBACK}:{broker},CONTROLLER://{LOOPBACK}:{controller}
advertised.listeners=PLAINTEXT://{LOOPBACK}:{broker}
controller.listener.names=CONTROLLER
log.dirs={log}
num.partitions=3
offsets.topic.num.partitions=3
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=true
"""


@contextmanager
def mock() -> Iterator[str]:
    """Yield the bootstrap address of librdkafka's mock cluster in this process.

    Consumers of it must set `session.timeout.ms` to 6000; joining a group takes about 3 s.
    """
    owner = Producer(
        {
            "bootstrap.servers": "unused",
            "test.mock.num.brokers": 1,
            "log_level": 0,
        }
    )
    brokers = owner.list_topics(timeout=10).brokers.values()
    yield ",".join(f"{b.host}:{b.port}" for b in brokers)
    del owner
