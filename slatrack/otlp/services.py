"""The logical service of a span: the connector, query or job, not the process that hosts many.

Each line of the tables is a naming rule of the software named; docs/ingest.md cites where it is
documented. A host's marks are certain and win over the resource; hints serve where it says nothing.
"""

import re
from collections.abc import Mapping
from functools import lru_cache, partial

from slatrack.domain.spans import Value
from slatrack.otlp.values import MAX_NAME
from slatrack.otlp.vocabulary import CLIENT, GROUP, OLDER, SERVICE, THREAD, Slot

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
TENANT = "slatrack.tenant"  # what a mark names
CONNECT_SCOPE = "io.opentelemetry.kafka-connect"


def resource_name(resource: Mapping[str, Value]) -> str:
    """Return the service that a resource names; empty where it names none."""
    name = str(resource.get(SERVICE, "")).strip()[:MAX_NAME]
    return "" if name.startswith(UNKNOWN) else name


def logical_service(found: Mapping[str, Value], named: str, scope: str) -> str:
    """Return the service of a span with the attributes `found`, in a resource called `named`."""
    own = found.get(SERVICE)  # written by interceptors that know better than the SDK
    if own is not None and (name := resource_name(found)):
        return name
    tenant = found.get(TENANT)
    if tenant is not None:
        return str(tenant)
    if scope.startswith(CONNECT_SCOPE) and (connector := _apply(HINTS[:1], found)):
        return connector
    return named or _apply(HINTS, found) or UNKNOWN


def _apply(rules: Rules, found: Mapping[str, Value]) -> str:
    for attribute, pattern, name in rules:
        value = found.get(attribute)
        if value is not None and (service := _rename(str(value), pattern, name)):
            return service
    return ""


@lru_cache(maxsize=10_000)
def _rename(value: str, pattern: str, name: str) -> str:
    match = re.fullmatch(pattern, value[:MAX_NAME], re.DOTALL)
    return match.expand(name) if match else ""


def _tenant_slots() -> list[tuple[str, Slot]]:
    """Return how attributes are read for marks: they are looked for where a value is decoded, so
    that a value that repeats is looked at once."""
    found: list[tuple[str, Slot]] = []
    for rank, (attribute, pattern, name) in enumerate(MARKS):
        convert = partial(_mark, pattern=pattern, name=name)
        synonyms = (attribute, *OLDER.get(attribute, ()))
        found.extend((synonym, Slot(TENANT, rank, convert)) for synonym in synonyms)
    return found


def _mark(value: Value, *, pattern: str, name: str) -> str | None:
    return _rename(str(value), pattern, name) or None


TENANT_SLOTS = _tenant_slots()
