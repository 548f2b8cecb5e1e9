"""The logical service of a span: the connector, query or job, not the process that hosts many.

Each line of the tables is a naming rule of the software named; docs/ingest.md cites where it is
documented. A host's marks are certain and win over the resource; hints serve where it says nothing.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from slatrack.domain.spans import Value
from slatrack.otlp.attributes import Hits
from slatrack.otlp.values import MAX_NAME
from slatrack.otlp.vocabulary import CLIENT, GROUP, SERVICE, THREAD

UNKNOWN = "unknown_service"
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

# What tells a host's tenants apart whatever its resource says: attribute, pattern, name.
MARKS = (
    (THREAD, r"task-thread-(.+)-\d+", r"\1"),  # Kafka Connect worker
    (CLIENT, r"connector-(?:consumer|producer|adminclient)-(.+)-\d+", r"\1"),  # Kafka Connect
    (THREAD, r"_confluent-ksql-(?:.*?)(?:query_|transient_)(.+?)-" + UUID + r".*", r"\1"),  # ksqlDB
    (GROUP, r"_confluent-ksql-(?:.*?)(?:query_|transient_)(.+)", r"\1"),  # ksqlDB
    (CLIENT, r"_confluent-ksql-(?:.*?)(?:query_|transient_)(.+?)-" + UUID + r".*", r"\1"),  # ksqlDB
    (CLIENT, r"([^|]+->[^|]+?)(?:\|.*)?", r"\1"),  # MirrorMaker 2
)
# What a client's name suggests where the resource has no name.
HINTS = (
    (GROUP, r"connect-(.+)", r"\1"),  # Kafka Connect sink
    (GROUP, r"(.+)-mm2", r"MirrorMaker \1"),  # MirrorMaker 2 worker
    (GROUP, r"spark-kafka-(?:source|relation)-.*", r"spark"),  # Spark structured streaming
    (CLIENT, r"(.+)-" + UUID + r"-StreamThread-\d+.*", r"\1"),  # Kafka Streams application.id
    (GROUP, r"(.+)", r"\1"),
    (CLIENT, r"(.+)-enumerator-consumer", r"\1"),  # Flink
    (CLIENT, r"(.+?)-StreamThread-\d+.*", r"\1"),  # Kafka Streams with a client id of its own
    (CLIENT, r"(.+)-\d+", r"\1"),
    (CLIENT, r"(.+)", r"\1"),
)
Rules = tuple[tuple[str, str, str], ...]
CONNECT_SCOPE = "io.opentelemetry.kafka-connect"


def resource_name(resource: Mapping[str, Value]) -> str:
    """Return the service that a resource names; empty where it names none."""
    name = str(resource.get(SERVICE, "")).strip()[:MAX_NAME]
    return "" if name.startswith(UNKNOWN) else name


def logical_service(found: Hits, named: str, scope: str) -> str:
    """Return the service of a span with the attributes `found`, in a resource called `named`."""
    own = found.get(SERVICE)  # written by interceptors that know better than the SDK
    if own is not None and not str(own.value).startswith(UNKNOWN) and str(own.value).strip():
        return str(own.value).strip()[:MAX_NAME]
    if marked := _apply(MARKS, found):
        return marked
    if scope.startswith(CONNECT_SCOPE) and (connector := _apply(HINTS[:1], found)):
        return connector
    return named or _apply(HINTS, found) or UNKNOWN


def _apply(rules: Rules, found: Hits) -> str:
    for attribute, pattern, name in rules:
        hit = found.get(attribute)
        if hit is not None and (service := _rename(str(hit.value), pattern, name)):
            return service
    return ""


@lru_cache(maxsize=10_000)
def _rename(value: str, pattern: str, name: str) -> str:
    match = re.fullmatch(pattern, value[:MAX_NAME], re.DOTALL)
    return match.expand(name) if match else ""
