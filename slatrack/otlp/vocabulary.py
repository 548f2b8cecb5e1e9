"""The vocabulary: every era of the semantic conventions, read as the newest one.

Messaging names changed five times and are still "in development"; what is sent in the wild is a mix
of all of them. docs/ingest.md has the table for people.
"""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from slatrack.domain.operations import operation_type
from slatrack.domain.spans import Value

TOPIC = "messaging.destination.name"
PARTITION = "messaging.destination.partition.id"
OFFSET = "messaging.kafka.offset"
OPERATION = "messaging.operation.type"
OPERATION_NAME = "messaging.operation.name"
GROUP = "messaging.consumer.group.name"
CLIENT = "messaging.client.id"
MESSAGE_ID = "messaging.message.id"
SERVICE = "service.name"
THREAD = "thread.name"
ALWAYS = (
    TOPIC, PARTITION, OFFSET, OPERATION, OPERATION_NAME, GROUP, CLIENT, MESSAGE_ID, SERVICE,
)  # fmt: skip

# Newest name: older ones. Of several in one span the newest name wins, then from left to right.
OLDER: dict[str, tuple[str, ...]] = {
    TOPIC: ("messaging.source.name", "messaging.destination", "messaging.kafka.topic_name"),
    PARTITION: (
        "messaging.kafka.destination.partition",
        "messaging.kafka.source.partition",
        "messaging.kafka.partition",
    ),
    OFFSET: ("messaging.kafka.message.offset",),
    OPERATION: ("messaging.operation",),
    GROUP: ("messaging.kafka.consumer.group", "messaging.kafka.consumer_group"),
    CLIENT: (
        "messaging.client_id",
        "messaging.kafka.client_id",
        "messaging.consumer.id",
        "messaging.consumer_id",
    ),
    MESSAGE_ID: ("messaging.message_id",),
    "messaging.kafka.message.key": ("messaging.kafka.message_key",),
    "messaging.kafka.message.tombstone": ("messaging.kafka.tombstone",),
    "messaging.message.conversation_id": ("messaging.conversation_id",),
    "messaging.message.body.size": (
        "messaging.message.payload_size_bytes",
        "messaging.message_payload_size_bytes",
    ),
    "messaging.destination.temporary": ("messaging.temp_destination",),
    "http.request.method": ("http.method",),
    "http.response.status_code": ("http.status_code",),
    "http.request.body.size": ("http.request_content_length",),
    "http.response.body.size": ("http.response_content_length",),
    "url.full": ("http.url",),
    "url.path": ("http.target", "url.full", "http.url"),
    "url.scheme": ("http.scheme",),
    "client.address": ("http.client_ip",),
    "user_agent.original": ("http.user_agent",),
    "server.address": ("net.host.name", "net.peer.name"),
    "server.port": ("net.host.port", "net.peer.port"),
    "network.peer.address": ("net.sock.peer.addr",),
    "network.protocol.name": ("net.protocol.name",),
    "network.protocol.version": ("net.protocol.version",),
    "service.peer.name": ("peer.service",),
    "deployment.environment.name": ("deployment.environment",),
    "telemetry.distro.version": ("telemetry.auto.version",),
    "code.function.name": ("code.function",),
}
NEWEST = {old: new for new, olds in reversed(OLDER.items()) for old in olds if old not in OLDER}

MAX_TOPIC = 249  # characters, Kafka's own limit

Convert = Callable[[Value], Value | None]


class Slot(NamedTuple):
    """What an attribute as sent means: its newest name, and how it ranks among its synonyms."""

    name: str
    rank: int
    convert: Convert | None = None


def _operation(word: Value) -> str | None:
    return operation_type(str(word)) or None


def _path(url: Value) -> str:
    try:
        return urlsplit(str(url)).path
    except ValueError:
        return str(url)


def whole(value: Value) -> int | None:
    """Return a partition or offset, sent as integer or as text; None where it is neither."""
    if type(value) is int:
        return value if 0 <= value < 2**63 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return None


# How the value of a newest name is made of what was sent under any of its names.
NORMAL: dict[str, Convert] = {
    TOPIC: lambda topic: str(topic)[:MAX_TOPIC] or None,
    PARTITION: whole,
    OFFSET: whole,
    OPERATION: _operation,
    OPERATION_NAME: _operation,
}
CONVERT: dict[tuple[str, str], Convert] = {
    ("http.target", "url.path"): _path,
    ("url.full", "url.path"): _path,
    ("http.url", "url.path"): _path,
}


def slots(wanted: frozenset[str]) -> dict[str, tuple[Slot, ...]]:
    """Return, for each attribute name as sent, what it means to a reader of `wanted` names.

    A name is wanted with all its eras. Who asks by an old name finds the value under it as well.
    """
    found: dict[str, list[Slot]] = {}
    for name in sorted({*ALWAYS, *wanted, *(NEWEST[n] for n in wanted if n in NEWEST)}):
        for rank, synonym in enumerate(_synonyms(name)):
            convert = CONVERT.get((synonym, name)) or NORMAL.get(name)
            found.setdefault(synonym, []).append(Slot(name, rank, convert))
    return {name: tuple(meanings) for name, meanings in found.items()}


def _synonyms(name: str) -> tuple[str, ...]:
    newest = NEWEST.get(name, name)
    if newest.startswith(("messaging.header.", "http.request.header.")):
        return tuple(dict.fromkeys((newest, *_header_synonyms(newest))))
    return tuple(dict.fromkeys((newest, *OLDER.get(newest, ()))))


def _header_synonyms(name: str) -> tuple[str, ...]:
    """Captured headers: older agents wrote dashes as underscores; etf1's library says "headers"."""
    start, dot, header = name.partition(".header.")
    lower = header.lower()
    older = lower.replace("-", "_")
    return (f"{start}{dot}{lower}", f"{start}{dot}{older}", f"{start}.headers.{header}")
