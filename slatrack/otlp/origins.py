"""Origins: resource and scope of spans, read once and shared by all spans that came from there."""

from typing import NamedTuple

from slatrack.domain.spans import Origin
from slatrack.otlp import wire
from slatrack.otlp.cleaning import Unusable
from slatrack.otlp.cutting import cut_resource, cut_scope
from slatrack.otlp.services import logical_service, resource_name
from slatrack.otlp.values import MAX_NAME, mapping, text
from slatrack.otlp.vocabulary import NEWEST

MAX_ATTRIBUTES = 200  # of a resource; the rest stays in its raw bytes
REMEMBERED = 5_000
REMEMBERED_LENGTH = 65_536  # bytes


class Place(NamedTuple):
    """An origin, the service that its resource names (empty: none), and that of its spans that
    say nothing themselves."""

    origin: Origin
    named: str
    service: str


class Origins:
    """Origins by their bytes, so that equal ones are one object from batch to batch."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes], Place] = {}

    def find(self, raw_resource: bytes, raw_scope: bytes, limit: int) -> Place:
        """Return the place these bytes describe; Unusable if they cannot be read."""
        key = (raw_resource, raw_scope)
        known = self._known.get(key)
        if known is not None:
            return known
        place = _read(cut_resource(raw_resource, limit), cut_scope(raw_scope, limit))
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        if len(raw_resource) + len(raw_scope) <= REMEMBERED_LENGTH:
            self._known[key] = place
        return place


def _read(raw_resource: bytes, raw_scope: bytes) -> Place:
    try:
        sent = mapping(wire.Resource.FromString(raw_resource).attributes[:MAX_ATTRIBUTES])
        scope = text(wire.Scope.FromString(raw_scope).name, MAX_NAME)
    except wire.DecodeError as exc:
        raise Unusable("its resource or scope is damaged: not OTLP") from exc
    for old, new in NEWEST.items():
        if old in sent:
            sent.setdefault(new, sent[old])
    named = resource_name(sent)
    origin = Origin(sent, scope, raw_resource, raw_scope)
    return Place(origin, named, logical_service({}, named, scope))
