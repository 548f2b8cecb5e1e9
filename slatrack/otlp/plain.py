"""OTLP's messages as plain JSON-safe values, for people. Never raises for what was sent."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from slatrack.otlp import wire
from slatrack.otlp.services import logical_service, resource_name
from slatrack.otlp.values import MAX_NAME, number, text
from slatrack.otlp.vocabulary import SERVICE

MAX_TEXT = 16_384  # characters of one value; stack traces are long
MAX_MEMBERS = 1_000
MAX_DEPTH = 20


def parse(message: Any, raw: bytes) -> Any:
    """Return the message in `raw`; an empty one where that is damaged."""
    try:
        return message.FromString(raw)
    except wire.DecodeError:
        return message()


def service(said: dict[str, Any], resource: dict[str, Any], scope_name: str) -> str:
    """Return the logical service of what has these attributes, resource and scope."""
    return logical_service(
        {SERVICE: said[SERVICE]} if SERVICE in said else {},
        resource_name(resource),
        scope_name,
    )


def scope(raw: bytes) -> dict[str, Any]:
    """Return what a raw InstrumentationScope says."""
    sent = parse(wire.Scope, raw)
    return {
        "name": text(sent.name, MAX_NAME),
        "version": text(sent.version, MAX_NAME),
        "attributes": attributes(sent.attributes),
    }


def rfc3339(nanos: int) -> str:
    """Return an instant with all its nanoseconds; empty where there is none a calendar has."""
    seconds, rest = divmod(nanos, 10**9)
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def attributes(raws: Iterable[bytes]) -> dict[str, Any]:
    """Return raw KeyValues by key; of a key that comes twice the first one counts."""
    return _pairs(parse(wire.KeyValue, raw) for raw in raws)


def _pairs(pairs: Iterable[Any], depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        if len(found) < MAX_MEMBERS:
            found.setdefault(text(pair.key, MAX_NAME), value(pair.value, depth))
    return found


def value(sent: Any, depth: int = 0) -> Any:
    """Return an AnyValue; text and lists are cut where they are too long."""
    if depth > MAX_DEPTH:
        return "(nested too deeply)"
    match sent.WhichOneof("value"):
        case "string_value":
            return text(sent.string_value, MAX_TEXT)
        case "bytes_value":
            return sent.bytes_value[: MAX_TEXT // 2].hex()
        case "int_value":
            return sent.int_value
        case "bool_value":
            return sent.bool_value
        case "double_value":
            return number(sent.double_value)
        case "array_value":
            return [value(one, depth + 1) for one in sent.array_value.values[:MAX_MEMBERS]]
        case "kvlist_value":
            return _pairs(sent.kvlist_value.values[:MAX_MEMBERS], depth + 1)
    return None
