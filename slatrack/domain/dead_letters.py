"""Dead letters: why an event was put aside, and what it was before, as its spans say.

Spring, Kafka Connect and SmallRye write both into headers of the dead letter; they are seen where
the instrumentation captures headers. Otherwise the exception is that of the failure before.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

HEADER = "messaging.header."  # what captured headers begin with

# Who writes which header, the most telling first; `-` and `_` are the same, for some
# instrumentations capture the one as the other.
TYPES = (
    "__connect.errors.exception.class.name",
    "kafka_dlt-exception-cause-fqcn",
    "kafka_dlt-exception-fqcn",
    "dead-letter-cause-class-name",
    "dead-letter-exception-class-name",
)
MESSAGES = (
    "__connect.errors.exception.message",
    "kafka_dlt-exception-message",
    "dead-letter-cause",
    "dead-letter-reason",
)
TOPICS = ("__connect.errors.topic", "kafka_dlt-original-topic", "dead-letter-topic")
PARTITIONS = ("__connect.errors.partition", "dead-letter-partition")  # Spring's are bytes
OFFSETS = ("__connect.errors.offset", "dead-letter-offset")

Attributes = Mapping[str, Any]


def exception(span: Mapping[str, Any], spans: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """Return type and message of what put an event aside by `span`, one of its `spans`, explained.

    From the headers of the dead letter, else from the last failure before it was put there.
    """
    headers = _headers(span["attributes"])
    if kind := _first(headers, TYPES):
        return {"type": kind, "message": _first(headers, MESSAGES)}
    before = [one for one in spans if one["error"] and one["start_ns"] <= span["start_ns"]]
    return next((found for one in reversed(before) if (found := _thrown(one))), None)


def origin(attributes: Attributes) -> dict[str, Any] | None:
    """Return topic, partition and offset of the message that could not be processed."""
    headers = _headers(attributes)
    if not (topic := _first(headers, TOPICS)):
        return None
    partition, offset = _first(headers, PARTITIONS), _first(headers, OFFSETS)
    return {"topic": topic, "partition": _number(partition), "offset": _number(offset)}


def _headers(attributes: Attributes) -> dict[str, str]:
    """Captured headers by name; of several values of one the last, which is the newest."""
    found = {}
    for name, value in attributes.items():
        if name.startswith(HEADER):
            last = value[-1] if isinstance(value, list) and value else value
            found[_folded(name[len(HEADER) :])] = last if isinstance(last, str) else ""
    return found


def _first(headers: Mapping[str, str], names: Iterable[str]) -> str:
    return next((found for name in names if (found := headers.get(_folded(name)))), "")


def _folded(name: str) -> str:
    return name.lower().replace("-", "_")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _thrown(span: Mapping[str, Any]) -> dict[str, str] | None:
    """The exception that an error span tells of."""
    for event in reversed(span["events"]):
        said = event["attributes"]
        if said.get("exception.type"):
            message = str(said.get("exception.message", ""))
            return {"type": str(said["exception.type"]), "message": message}
    kind = span["attributes"].get("exception.type") or span["attributes"].get("error.type")
    if not kind and not span["status_message"]:
        return None
    return {"type": str(kind or ""), "message": span["status_message"]}
