"""OTLP in JSON: read into the same messages as protobuf, with the liberties that senders take.

Accepted beyond the specification: ids in base64, enums by name, integers as text or number, NUL
bytes before the document, a list of documents, bad UTF-8. Unknown fields are ignored.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from slatrack.otlp import wire
from slatrack.otlp.errors import Rejected, Undecodable
from slatrack.otlp.json_logs import log_record
from slatrack.otlp.json_parts import JsonInvalid, resource, scope
from slatrack.otlp.json_spans import span


class Shape(NamedTuple):
    """The names of a signal's fields, newest first, and what reads one member."""

    batches: tuple[str, ...]
    scopes: tuple[str, ...]
    members: tuple[str, ...]
    read: Callable[[Any], bytes]


SPANS = Shape(
    ("resourceSpans", "batches"), ("scopeSpans", "instrumentationLibrarySpans"), ("spans",), span
)
LOGS = Shape(
    ("resourceLogs",), ("scopeLogs", "instrumentationLibraryLogs"), ("logRecords", "logs"),
    log_record,
)  # fmt: skip
SCOPE = ("scope", "instrumentationLibrary")
BLANK = b"\0 \t\r\n\xef\xbb\xbf"  # a byte order mark is no content either


def looks_like(data: bytes) -> bool:
    """Whether `data` begins like a JSON document."""
    return data[:1] in (b"{", b"[", b"\0", b"\xef") and data.lstrip(BLANK)[:1] in (b"{", b"[")


def is_of(data: bytes, shape: Shape) -> bool:
    """Whether a JSON document is of that shape."""
    try:
        for _ in _batches(_document(data.lstrip(BLANK)), shape):
            return True
    except (JsonInvalid, RecursionError):
        pass
    return False


def read(data: bytes, shape: Shape = SPANS) -> tuple[Any, list[Rejected]]:
    """Return a wire.Request, and the members of the document that do not fit into one.

    Raises Undecodable when `data` is no JSON document of that shape.
    """
    request, rejected = wire.Request(), list[Rejected]()
    try:
        for batch in _batches(_document(data.lstrip(BLANK)), shape):
            _add(request, batch, shape, rejected)
    except (JsonInvalid, RecursionError) as exc:
        raise Undecodable(f"not OTLP in JSON: {exc}") from None
    return request, rejected


def _document(data: bytes) -> Any:
    """Parse quickly; what msgspec refuses (bad UTF-8, NaN) gets a second, lenient reading."""
    if not data:
        return {}
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except ValueError as exc:
        raise JsonInvalid(f"the document is damaged: {exc}") from None


def _batches(document: Any, shape: Shape) -> Iterable[Any]:
    if isinstance(document, list):
        for member in document:
            yield from _batches(member, shape)
        return
    if not isinstance(document, dict):
        raise JsonInvalid(f"an object was expected, not {type(document).__name__}")
    if any(name in document for name in shape.scopes):
        yield document
        return
    name = next((name for name in shape.batches if name in document), None)
    if name is None and document:
        raise JsonInvalid(f"there is no field {shape.batches[0]}")
    yield from _list(document, shape.batches)


def _list(parent: Any, names: Iterable[str]) -> list[Any]:
    for name in names:
        members = parent.get(name)
        if members is not None:
            if not isinstance(members, list) or not all(isinstance(m, dict) for m in members):
                raise JsonInvalid(f"{name} must be a list of objects")
            return members
    return []


def _add(request: Any, batch: Any, shape: Shape, rejected: list[Rejected]) -> None:
    entry = request.resource_spans.add(resource=resource(batch.get("resource")))
    for group in _list(batch, shape.scopes):
        origin = next((group[name] for name in SCOPE if group.get(name)), None)
        target = entry.scope_spans.add(scope=scope(origin))
        for member in _list(group, shape.members):
            try:
                target.spans.append(shape.read(member))
            except JsonInvalid as exc:
                alone = {"scope": origin, shape.members[0]: [member]}
                whole = {**batch, shape.scopes[0]: [alone]}
                raw = json.dumps({shape.batches[0]: [whole]}).encode()
                rejected.append(Rejected(f"in its JSON, {exc}", raw, 1))
