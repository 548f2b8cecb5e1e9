"""The parts that all of OTLP in JSON is made of, each read from its field; JsonInvalid names it."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from slatrack.otlp import wire

MAX_DEPTH = 30  # of nested values; protobuf itself refuses at 100


class JsonInvalid(ValueError):
    """A field that has no meaning; the text names it."""


def resource(value: Any) -> bytes:
    """Return a raw Resource."""
    fields = an_object(value, "resource")
    return serialised(
        wire.Resource(
            attributes=attributes(fields),
            dropped_attributes_count=whole(fields, "droppedAttributesCount", 2**32),
        )
    )


def scope(value: Any) -> bytes:
    """Return a raw InstrumentationScope."""
    fields = an_object(value, "scope")
    return serialised(
        wire.Scope(
            name=text(fields, "name"),
            version=text(fields, "version"),
            attributes=attributes(fields),
            dropped_attributes_count=whole(fields, "droppedAttributesCount", 2**32),
        )
    )


def attributes(fields: Mapping[str, Any]) -> list[bytes]:
    """Return raw KeyValues."""
    return [serialised(_pair(one, 0)) for one in members(fields, "attributes")]


def _pair(value: Any, depth: int) -> Any:
    fields = an_object(value, "attributes")
    content = an_object(fields.get("value"), "value")
    return wire.KeyValue(key=text(fields, "key"), value=any_value(content, depth))


def any_value(fields: Mapping[str, Any], depth: int) -> Any:
    """Return a wire.AnyValue; empty where nothing is said."""
    if depth > MAX_DEPTH:
        return wire.AnyValue(string_value=b"(nested too deeply)")
    value = wire.AnyValue()
    match next(((k, v) for k, v in fields.items() if v is not None), None):
        case ("stringValue", _):
            value.string_value = text(fields, "stringValue")
        case ("boolValue", flag):
            value.bool_value = flag is True or str(flag).lower() == "true"
        case ("intValue", _):
            value.int_value = _signed(fields["intValue"])
        case ("doubleValue", amount):
            value.double_value = _double(amount)
        case ("bytesValue", content):
            value.bytes_value = _base64(str(content)) or str(content).encode("utf-8", "replace")
        case ("arrayValue", inner):
            value.array_value.SetInParent()
            for member in members(an_object(inner, "arrayValue"), "values"):
                one = any_value(an_object(member, "values"), depth + 1)
                value.array_value.values.append(one)
        case ("kvlistValue", inner):
            value.kvlist_value.SetInParent()
            for member in members(an_object(inner, "kvlistValue"), "values"):
                value.kvlist_value.values.append(_pair(member, depth + 1))
    return value


def serialised(message: Any) -> bytes:
    """Return the bytes of a message."""
    return bytes(message.SerializeToString())


def an_object(value: Any, name: str) -> Mapping[str, Any]:
    """Return `value` as an object; none is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise JsonInvalid(f"{name} must be an object")
    return value


def members(fields: Mapping[str, Any], name: str) -> list[Any]:
    """Return the members of a list; none is an empty one."""
    found = fields.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise JsonInvalid(f"{name} must be a list")
    return found


def text(fields: Mapping[str, Any], name: str) -> bytes:
    """Return a text as UTF-8; numbers are taken for their text."""
    value = fields.get(name)
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if value is None:
        return b""
    if isinstance(value, bool | int | float):
        return str(value).encode()
    raise JsonInvalid(f"{name} must be a text")


def whole(fields: Mapping[str, Any], name: str, limit: int) -> int:
    """Return an integer from 0 up to, not including, `limit`."""
    value = fields.get(name)
    if value in (None, ""):
        return 0
    number = _integer(value, name)
    if not 0 <= number < limit:
        raise JsonInvalid(f"{name} is out of range")
    return number


def _signed(value: Any) -> int:
    number = _integer(value, "intValue")
    if not -(2**63) <= number < 2**63:
        raise JsonInvalid("intValue is out of range")
    return number


def _integer(value: Any, name: str) -> int:
    """Integers come as text or number; never by way of a float, which would lose nanoseconds."""
    try:
        if isinstance(value, str) and len(value) <= 20:
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
    except ValueError:
        pass
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise JsonInvalid(f"{name} must be an integer")


def _double(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise JsonInvalid("doubleValue must be a number") from None


def enum(fields: Mapping[str, Any], name: str, names: Mapping[str, int]) -> int:
    """Return an enum sent by name or number."""
    value = fields.get(name)
    if isinstance(value, str) and value.upper() in names:
        return names[value.upper()]
    return min(whole(fields, name, 2**31), 2**31 - 1)


def identifier(fields: Mapping[str, Any], name: str, length: int) -> bytes:
    """Return an id sent in hex or base64; what is none stays recognisable."""
    value = fields.get(name)
    if not value:
        return b""
    text = value if isinstance(value, str) else str(value)
    try:
        return bytes.fromhex(text)
    except ValueError:
        pass
    decoded = _base64(text)
    return decoded if len(decoded) == length else b"not an id: " + text.encode("utf-8", "replace")


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
