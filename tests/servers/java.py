"""The Java world: Kafka Connect and Kafka Streams as they are, under the OpenTelemetry Java agent.

Each program runs in a JVM of its own that ends with its block. What the agent is told is the
caller's; where it sends its spans is a loopback URL.
"""

import shutil
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .process import LOOPBACK, Missing, answers, free_port, running

ROOT = Path(__file__).resolve().parents[2]
JARS = ROOT / ".cache" / "java"
HEAP = ["-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
EXAMPLES = "org.apache.kafka.streams.examples"
# PipeDemo asks localhost:9092 whatever it is told, so its JVM gets a localhost of its own.
PIPE_HOST, PIPE_PORT = "127.0.92.1", 9092
POLLS = "otel.instrumentation.common.messaging.experimental.receive-telemetry.enabled"
NEWEST = "otel.semconv-stability.opt-in"
MODES: Mapping[str, Mapping[str, str]] = {
    "default": {},
    "polls": {POLLS: "true"},
    "newest": {NEWEST: "messaging"},
    "newest with polls": {NEWEST: "messaging", POLLS: "true"},
}


def check_installed() -> tuple[str, Path]:
    """Return where Java and the agent are; raise Missing."""
    java, agent = shutil.which("java"), next(JARS.glob("opentelemetry-javaagent-*.jar"), None)
    if agent is None or java is None:
        raise Missing("no Java agent in .cache/java or no Java 17: .ci/install gets both")
    return java, agent


@dataclass(frozen=True)
class World:
    """Where the programs find Kafka, where their spans go, and how the agent is set."""

    brokers: str
    receiver: str  # URL of an OTLP/HTTP receiver, without path
    folder: Path
    mode: str = "default"

    def command(self, service: str, program: str, *arguments: str) -> list[str]:
        java, agent = check_installed()
        settings = {**self._agent(service), **MODES[self.mode], "java.io.tmpdir": str(self.folder)}
        told = [f"-D{name}={value}" for name, value in settings.items()]
        return [java, *HEAP, f"-javaagent:{agent}", *told, "-cp", f"{JARS}/*", program, *arguments]

    def _agent(self, service: str) -> dict[str, str]:
        return {
            "otel.service.name": service,
            "otel.exporter.otlp.endpoint": self.receiver,
            "otel.metrics.exporter": "none",
            "otel.logs.exporter": "none",
            "otel.bsp.schedule.delay": "100",
            "jdk.net.hosts.file": str(self._hosts()),
        }

    def _hosts(self) -> Path:
        hosts = self.folder / "hosts"
        hosts.write_text(f"{PIPE_HOST} localhost\n")
        return hosts


@contextmanager
def connect(world: World, *connectors: Mapping[str, str], service: str) -> Iterator[None]:
    """Run a standalone Connect worker with these connectors until the block ends."""
    port = free_port()
    worker = {
        "bootstrap.servers": world.brokers,
        "listeners": f"http://{LOOPBACK}:{port}",
        "offset.storage.file.filename": str(world.folder / "connect.offsets"),
        "plugin.discovery": "service_load",  # scanning the class path takes far longer
        "offset.flush.interval.ms": "500",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        "consumer.metadata.max.age.ms": "1000",
    }
    named = {"worker": worker, **{one["name"]: one for one in connectors}}
    files = [_properties(world.folder / f"{name}.properties", one) for name, one in named.items()]
    command = world.command(service, "org.apache.kafka.connect.cli.ConnectStandalone", *files)
    with running(
        command, log=world.folder / f"{service}.out", ready=lambda: answers(port), seconds=300
    ):
        yield


@contextmanager
def pipe(world: World, *, service: str) -> Iterator[None]:
    """Run PipeDemo, stateless: streams-plaintext-input to streams-pipe-output."""
    command = world.command(service, f"{EXAMPLES}.pipe.PipeDemo")
    with (
        _forwarding((PIPE_HOST, PIPE_PORT), world.brokers),
        running(command, log=world.folder / f"{service}.out", ready=lambda: True),
    ):
        yield


@contextmanager
def word_count(world: World, settings: Mapping[str, str], *, service: str) -> Iterator[None]:
    """Run WordCountDemo: an aggregate with store, changelog and repartition topic."""
    told = {"bootstrap.servers": world.brokers, "commit.interval.ms": "500", **settings}
    file = _properties(world.folder / f"{service}.properties", told)
    command = world.command(service, f"{EXAMPLES}.wordcount.WordCountDemo", file)
    with running(command, log=world.folder / f"{service}.out", ready=lambda: True):
        yield


def _properties(file: Path, values: Mapping[str, str]) -> str:
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    return str(file)


@contextmanager
def _forwarding(address: tuple[str, int], brokers: str) -> Iterator[None]:
    """Pass connections to `address` on to the first of `brokers`."""
    host, _, port = brokers.partition(",")[0].rpartition(":")
    with socket.create_server(address) as server:
        threading.Thread(target=_accept, args=(server, (host, int(port))), daemon=True).start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, target: tuple[str, int]) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:  # the block has ended
            return
        broker = socket.create_connection(target)
        for ends in ((client, broker), (broker, client)):
            threading.Thread(target=_pump, args=ends, daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            end.close()
