"""A real one-node Kafka (KRaft), and librdkafka's in-process mock cluster."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from .process import LOOPBACK, Missing, free_port, running

ROOT = Path(__file__).resolve().parents[2]
JARS = ROOT / ".cache" / "kafka"
# Compiled quickly rather than well, as suits a test; benchmarks want what production has: "".
JIT = os.environ.get("SLATRACK_TEST_KAFKA_JIT", "-XX:TieredStopAtLevel=1").split()
HEAP = ["-Xmx512m", "-Xms256m", "-XX:+UseSerialGC"]


class Broker:
    """A Kafka that can be stopped, frozen and started again; its data and address stay."""

    def __init__(self, folder: Path) -> None:
        java = shutil.which("java")
        if java is None or not any(JARS.glob("kafka_2.13-*.jar")):
            raise Missing("no Kafka in .cache/kafka or no Java 17: .ci/install gets both")
        port, controller = free_port(), free_port()
        self.folder, self.address = folder, f"{LOOPBACK}:{port}"
        self._config = folder / "server.properties"
        self._config.write_text(_properties(port, controller, folder / "log"))
        self._command = [java, *HEAP, *JIT, "-cp", f"{JARS}/*"]
        self._process: subprocess.Popen[bytes] | None = None
        self._running = ExitStack()
        tool = [*self._command, "kafka.tools.StorageTool", "format", "-c", str(self._config)]
        subprocess.run([*tool, "-t", "c2xhdHJhY2stdGVzdC0wMQ"], check=True, capture_output=True)

    def start(self) -> None:
        """Run until `stop`; returns once it answers."""
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        self._process = self._running.enter_context(
            running(
                [*self._command, "kafka.Kafka", str(self._config)],
                log=self.folder / "kafka.out",
                ready=lambda: _has_broker(admin),
                seconds=180,
            )
        )

    def stop(self) -> None:
        self._running.close()

    def signal(self, number: int) -> None:
        """Send a signal to the process, such as SIGSTOP: it keeps its connections and is silent."""
        if self._process is not None:
            self._process.send_signal(number)


@contextmanager
def real(folder: Path) -> Iterator[str]:
    """Yield the bootstrap address of a fresh Kafka that keeps its data in `folder`."""
    broker = Broker(folder)
    try:
        broker.start()
        yield broker.address
    finally:
        broker.stop()


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
