"""Places: what a span is a sign of, told so that the same work at the same spot is one place.

A place is a service with a topic, a route, or a name of which varying parts are left out. Work
inside a service (internal spans, database calls, store reads) is detail and no place.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from slatrack.domain.spans import Kind, Span, Value

ROUTE, METHOD, PATH = "http.route", "http.request.method", "url.path"
RPC = ("rpc.service", "rpc.method")
DATABASE = ("db.system", "db.system.name", "db.statement", "db.query.text", "db.operation.name")
SETTLING = ("settle", "create")
TAKING = ("receive", "process")
VARIES = "{}"
LONGEST = 120  # characters of a name or path that is looked at
_KINDS = {int(kind): kind.name.lower() for kind in Kind}
_WORD = re.compile(r"[^\s/:,;|()\[\]=?&]+")
_VARYING = re.compile(r"\d+|(?=.*\d)[0-9a-fA-F-]{8,}|(?=(?:.*\d){3}).{6,}")


class Place(NamedTuple):
    """Where spans are signs of. Of topic, name and attributes one says what is done there.

    `name` may hold {} for what varies from span to span.
    """

    service: str
    kind: str
    topic: str = ""
    operation: str = ""
    name: str = ""
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def what(self) -> str:
        """What is done there, for people."""
        said = dict(self.attributes)
        if ROUTE in said:
            return f"{said.get(METHOD, '')} {said[ROUTE]}".strip()
        return self.topic or self.name or "/".join(said.values())

    @property
    def sends(self) -> bool:
        """Whether a message is sent there."""
        return bool(self.topic) and self.kind == "producer"

    @property
    def takes(self) -> bool:
        """Whether a message is read there."""
        return bool(self.topic) and not self.sends


def place(span: Span) -> Place | None:
    """Return the place that `span` is a sign of; None for detail."""
    if span.kind in (Kind.INTERNAL, Kind.UNSPECIFIED) and span.operation not in TAKING:
        return None
    if span.topic or span.kind in (Kind.PRODUCER, Kind.CONSUMER):
        return _of_message(span)
    if any(name in span.attributes for name in DATABASE):
        return None
    return _of_call(span)


def _of_message(span: Span) -> Place | None:
    kind, operation = _KINDS[span.kind], span.operation or ""
    if not span.topic or operation in SETTLING:
        return None
    if span.kind == Kind.PRODUCER or operation == "send":
        return Place(span.service, "producer", span.topic)
    if span.kind == Kind.CONSUMER or operation in TAKING:
        return Place(span.service, kind, span.topic, "receive" if operation == "receive" else "")
    return None


def _of_call(span: Span) -> Place:
    kind, attributes = _KINDS[span.kind], span.attributes
    if said := _said(attributes, (ROUTE,)):
        return Place(span.service, kind, attributes=(*said, *_said(attributes, (METHOD,))))
    if len(said := _said(attributes, RPC)) == len(RPC):
        return Place(span.service, kind, attributes=said)
    return Place(span.service, kind, name=template(span.name))


def _said(attributes: Mapping[str, Value], names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    found = ((name, attributes.get(name)) for name in names)
    return tuple((name, value) for name, value in found if isinstance(value, str) and value)


@lru_cache(maxsize=20_000)
def template(name: str) -> str:
    """Return a span name with {} for words that look like numbers or identifiers."""
    return _WORD.sub(_constant, name[:LONGEST])


def _constant(word: re.Match[str]) -> str:
    return VARIES if _VARYING.fullmatch(word[0]) else word[0]


def pattern(name: str) -> str:
    """Return the RE2 pattern of the names with this template."""
    parts = (re.escape(part) for part in name.split(VARIES))
    return "^" + r"[^\s/:,;|()\[\]=?&]+".join(parts) + "$"
