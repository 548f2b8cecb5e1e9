r"""Namings: how software that hosts many jobs names each of them, in one table.

A *certain* naming tells a host's tenants apart beyond doubt, so it wins over what the resource
says; any other is a hint for where the resource has no name. The first that fits counts. An
installation puts its own before these (SLATRACK_SERVICE_NAMES). docs/ingest.md has the table for
people.

Patterns are RE2 and must fit a value as a whole; `\1` is what their first group found.
"""

from functools import lru_cache
from typing import NamedTuple

import re2

from slatrack.otlp.vocabulary import CLIENT, GROUP, THREAD

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
KSQL = r"_confluent-ksql-.*?(?:query_|transient_)"
FLINK = "Flink"  # what its threads prove, without saying which job it is


class Naming(NamedTuple):
    """A rule: where the attribute `source` fits `pattern`, the service is `name`."""

    system: str
    source: str
    pattern: str
    name: str = r"\1"
    certain: bool = True
    host: str = ""  # only on threads of this host


NAMINGS = (
    # In a worker of its own, all of MirrorMaker's flows have threads with the same names.
    Naming("MirrorMaker 2", CLIENT, r"([^|]+->[^|]+?)(?:\|.*)?"),
    Naming("Kafka Connect", THREAD, r"task-thread-(.+)-\d+"),
    Naming("Kafka Connect", CLIENT, r"connector-(?:consumer|producer|adminclient)-(.+)-\d+"),
    Naming("ksqlDB", THREAD, KSQL + rf"(.+?)(?:_\d{{13}})?-{UUID}.*"),
    Naming("ksqlDB", GROUP, KSQL + r"(.+?)(?:_\d{13})?"),
    Naming("ksqlDB", CLIENT, KSQL + rf"(.+?)(?:_\d{{13}})?-{UUID}.*"),
    Naming("Flink", GROUP, r"(.+)", host=FLINK),
    Naming("Flink", CLIENT, r"(.+)-\d+", host=FLINK),
    Naming("Spark", GROUP, r"spark-executor-(.+)", certain=False),
    Naming("Spark", GROUP, r"spark-kafka-(?:source|relation)-.*", "spark", certain=False),
    Naming("Kafka Connect", GROUP, r"connect-(.+)", certain=False),
    Naming("MirrorMaker 2", GROUP, r"(.+)-mm2", r"MirrorMaker \1", certain=False),
    # The application id; the consumer group is the same.
    Naming("Kafka Streams", CLIENT, rf"(.+)-{UUID}-StreamThread-\d+.*", certain=False),
    Naming("Kafka Streams", THREAD, rf"(.+)-{UUID}-StreamThread-\d+", certain=False),
    Naming("any", GROUP, r"(.+)", certain=False),
    Naming("Flink", CLIENT, r"(.+)-enumerator-consumer", certain=False),
    Naming("Kafka Streams", CLIENT, r"(.+?)-StreamThread-\d+.*", certain=False),
    Naming("any", CLIENT, r"(.+)-\d+", certain=False),
    Naming("any", CLIENT, r"(.+)", certain=False),
)
# Threads that prove a host: attribute, pattern, host.
HOSTS = ((THREAD, r"Source Data Fetcher for .+", FLINK),)


@lru_cache(maxsize=1_000)
def compiled(pattern: str) -> "re2._Regexp":
    """Return the compiled pattern; ValueError says what is wrong with it."""
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    try:
        return re2.compile(pattern, options)
    except re2.error as exc:
        message = exc.args[0]
        raise ValueError(message.decode() if isinstance(message, bytes) else message) from exc


@lru_cache(maxsize=10_000)
def rename(value: str, pattern: str, name: str) -> str:
    """Return the service that a value names; empty where it does not fit."""
    match = compiled(pattern).fullmatch(value)
    return str(match.expand(name)) if match else ""


def check(own: Naming) -> None:
    """ValueError says why an installation's naming cannot work."""
    groups = compiled(own.pattern).groups
    if any(int(number) > groups for number in compiled(r"\\(\d)").findall(own.name)):
        raise ValueError(rf"service {own.name!r} uses a group that the pattern does not have")
