"""Attribute values: from OTLP's AnyValue to plain values that are safe to store and to match."""

import math
from collections.abc import Iterable
from typing import Any

from slatrack.domain.spans import Value
from slatrack.otlp import wire

MAX_TEXT = 2_048  # characters of a value that is matched or shown
MAX_VALUES = 1_000  # members of an array
MAX_NAME = 300  # characters of a span's, scope's or service's name
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def text(data: bytes, limit: int = MAX_TEXT) -> str:
    """Return `data` as text: bad UTF-8 and NUL replaced (databases refuse them), cut at `limit`."""
    return data[: 4 * limit].decode("utf-8", "replace").replace("\0", REPLACEMENT)[:limit]


def varint(data: bytes) -> int | None:
    """Return a protobuf integer of up to nine bytes; None where it is something else."""
    if len(data) == 1:
        return data[0] if data[0] < 128 else None
    number = 0
    for place, byte in enumerate(data):
        number |= (byte & 0x7F) << (7 * place)
        if byte < 128:
            return number if place == len(data) - 1 < 9 else None
    return None


def value(any_value: Any) -> Value | None:
    """Return an AnyValue as a plain value; None where it is empty or a mapping."""
    match any_value.WhichOneof("value"):
        case "string_value":
            return text(any_value.string_value)
        case "int_value":
            return int(any_value.int_value)
        case "bool_value":
            return bool(any_value.bool_value)
        case "double_value":
            return number(any_value.double_value)
        case "array_value":
            return _texts(any_value.array_value.values[:MAX_VALUES])
        case "bytes_value":
            return _bytes(any_value.bytes_value)
    return None


def number(amount: float) -> float | str:
    """Return `amount`; as text where it is none that JSON can carry."""
    return amount if math.isfinite(amount) else str(amount)


def is_cut(any_value: Any) -> bool:
    """Whether `value` keeps less than what was sent."""
    if any_value.WhichOneof("value") == "array_value":
        members = any_value.array_value.values
        return len(members) > MAX_VALUES or any(is_cut(member) for member in members)
    sent = any_value.string_value or any_value.bytes_value
    return (
        len(sent) > MAX_TEXT and len(sent[: 4 * MAX_TEXT + 4].decode("utf-8", "replace")) > MAX_TEXT
    )


def _texts(members: Iterable[Any]) -> tuple[str, ...]:
    found = (value(member) for member in members)
    return tuple(_as_text(one) for one in found if one is not None)


def _as_text(one: Value) -> str:
    if isinstance(one, bool):
        return "true" if one else "false"
    return ", ".join(one) if isinstance(one, tuple) else str(one)


def _bytes(data: bytes) -> str:
    try:
        return data[:MAX_TEXT].decode("utf-8").replace("\0", REPLACEMENT)
    except UnicodeDecodeError:
        return data[: MAX_TEXT // 2].hex()


def mapping(raws: Iterable[bytes]) -> dict[str, Value]:
    """Return raw KeyValues as a mapping; of a key that comes twice the first one counts."""
    found: dict[str, Value] = {}
    for raw in raws:
        pair = wire.KeyValue.FromString(raw)
        plain = value(pair.value)
        if plain is not None:
            found.setdefault(text(pair.key, MAX_NAME), plain)
    return found
