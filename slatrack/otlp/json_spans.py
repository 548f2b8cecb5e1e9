"""The parts of OTLP in JSON: each function returns the raw protobuf of what it is given."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from slatrack.domain.spans import Kind
from slatrack.otlp import wire

KINDS = {f"SPAN_KIND_{kind.name}": int(kind) for kind in Kind}
CODES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
MAX_DEPTH = 30  # of nested values; protobuf itself refuses at 100


class JsonInvalid(ValueError):
    """A field that has no meaning; the text names it."""


def resource(value: Any) -> bytes:
    """Return a raw Resource."""
    fields = _object(value, "resource")
    dropped = _whole(fields, "droppedAttributesCount", 2**32)
    return _bytes(wire.Resource(attributes=_attributes(fields), dropped_attributes_count=dropped))


def scope(value: Any) -> bytes:
    """Return a raw InstrumentationScope."""
    fields = _object(value, "scope")
    return _bytes(
        wire.Scope(
            name=_text(fields, "name"),
            version=_text(fields, "version"),
            attributes=_attributes(fields),
            dropped_attributes_count=_whole(fields, "droppedAttributesCount", 2**32),
        )
    )


def span(fields: Mapping[str, Any]) -> bytes:
    """Return a raw Span. An id that is none stays recognisable, and is rejected later."""
    return _bytes(
        wire.Span(
            trace_id=_id(fields, "traceId", 16),
            span_id=_id(fields, "spanId", 8),
            trace_state=_text(fields, "traceState"),
            parent_span_id=_id(fields, "parentSpanId", 8),
            name=_text(fields, "name"),
            kind=_enum(fields, "kind", KINDS),
            start=_whole(fields, "startTimeUnixNano", 2**64),
            end=_whole(fields, "endTimeUnixNano", 2**64),
            attributes=_attributes(fields),
            dropped_attributes_count=_whole(fields, "droppedAttributesCount", 2**32),
            events=[_event(event) for event in _list(fields, "events")],
            dropped_events_count=_whole(fields, "droppedEventsCount", 2**32),
            links=[_link(link) for link in _list(fields, "links")],
            dropped_links=_whole(fields, "droppedLinksCount", 2**32),
            status=_status(_object(fields.get("status"), "status")),
            flags=_whole(fields, "flags", 2**32),
        )
    )


def _event(value: Any) -> bytes:
    fields = _object(value, "events")
    return _bytes(
        wire.Event(
            time=_whole(fields, "timeUnixNano", 2**64),
            name=_text(fields, "name"),
            attributes=_attributes(fields),
            dropped_attributes_count=_whole(fields, "droppedAttributesCount", 2**32),
        )
    )


def _link(value: Any) -> bytes:
    fields = _object(value, "links")
    return _bytes(
        wire.Link(
            trace_id=_id(fields, "traceId", 16),
            span_id=_id(fields, "spanId", 8),
            trace_state=_text(fields, "traceState"),
            attributes=_attributes(fields),
            dropped_attributes_count=_whole(fields, "droppedAttributesCount", 2**32),
            flags=_whole(fields, "flags", 2**32),
        )
    )


def _status(fields: Mapping[str, Any]) -> bytes:
    message = _text(fields, "message")
    return _bytes(wire.Status(message=message, code=_enum(fields, "code", CODES)))


def _attributes(fields: Mapping[str, Any]) -> list[bytes]:
    return [_bytes(_pair(one, 0)) for one in _list(fields, "attributes")]


def _pair(value: Any, depth: int) -> Any:
    fields = _object(value, "attributes")
    content = _object(fields.get("value"), "value")
    return wire.KeyValue(key=_text(fields, "key"), value=_value(content, depth))


def _value(fields: Mapping[str, Any], depth: int) -> Any:
    if depth > MAX_DEPTH:
        return wire.AnyValue(string_value=b"(nested too deeply)")
    value = wire.AnyValue()
    match next(((k, v) for k, v in fields.items() if v is not None), None):
        case ("stringValue", _):
            value.string_value = _text(fields, "stringValue")
        case ("boolValue", flag):
            value.bool_value = flag is True or str(flag).lower() == "true"
        case ("intValue", _):
            value.int_value = _signed(fields["intValue"])
        case ("doubleValue", amount):
            value.double_value = _double(amount)
        case ("bytesValue", content):
            value.bytes_value = _base64(str(content)) or str(content).encode("utf-8", "replace")
        case ("arrayValue", members):
            value.array_value.SetInParent()
            for member in _list(_object(members, "arrayValue"), "values"):
                one = _value(_object(member, "values"), depth + 1)
                value.array_value.values.append(one)
        case ("kvlistValue", members):
            value.kvlist_value.SetInParent()
            for member in _list(_object(members, "kvlistValue"), "values"):
                value.kvlist_value.values.append(_pair(member, depth + 1))
    return value


def _bytes(message: Any) -> bytes:
    return bytes(message.SerializeToString())


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise JsonInvalid(f"{name} must be an object")
    return value


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
    members = fields.get(name)
    if members is None:
        return []
    if not isinstance(members, list):
        raise JsonInvalid(f"{name} must be a list")
    return members


def _text(fields: Mapping[str, Any], name: str) -> bytes:
    value = fields.get(name)
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if value is None:
        return b""
    if isinstance(value, bool | int | float):
        return str(value).encode()
    raise JsonInvalid(f"{name} must be a text")


def _whole(fields: Mapping[str, Any], name: str, limit: int) -> int:
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


def _enum(fields: Mapping[str, Any], name: str, names: Mapping[str, int]) -> int:
    value = fields.get(name)
    if isinstance(value, str) and value.upper() in names:
        return names[value.upper()]
    return min(_whole(fields, name, 2**31), 2**31 - 1)


def _id(fields: Mapping[str, Any], name: str, length: int) -> bytes:
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
