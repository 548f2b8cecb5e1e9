"""Decoding: from the bytes of an OTLP trace export to spans, cleaned and named.

One bad span never takes its neighbours with it: it comes back as rejected, in a request of its own
that can be replayed. Only where nothing can be told apart is the whole record undecodable.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from struct import Struct
from typing import Any

from slatrack.domain.mute import UNTOLD, Mute
from slatrack.domain.spans import Span, Value
from slatrack.otlp import json_messages, wire
from slatrack.otlp.cleaning import EARLIEST, Names, Unusable, check_ids, failed, parent, times
from slatrack.otlp.cutting import cut_span
from slatrack.otlp.errors import Rejected, Undecodable
from slatrack.otlp.gists import PRODUCER, Gists, gists
from slatrack.otlp.layout import NO_TAIL, Tail
from slatrack.otlp.messaging import NO_MESSAGE, complete, message, read_links
from slatrack.otlp.namings import Naming
from slatrack.otlp.origins import Origins, Place
from slatrack.otlp.records import usual
from slatrack.otlp.services import logical_service

ENCODINGS = ("auto", "otlp_proto", "otlp_json")
CLOCKS_MAY_BE_AHEAD = timedelta(days=1)
KEPT = 65_536  # bytes of one span

_names = Names()
_name = _names.after_length.get
_origins = Origins()
_clock = Struct("<QxQ").unpack
_new = tuple.__new__  # knows the order of a span's fields; quicker than by their names

Shapes = Mapping[tuple[int, str], Mapping[str, Value]]
# Trace, span and parent id, kind, name, start, end, whether it failed: a span's first fields.
Fields = tuple[bytes, bytes, bytes, int, str, int, int, bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader wants of spans: attributes by name, old or new, how many bytes to keep, how
    the installation names services besides the usual ways, and who knows which spans are mute."""

    attributes: frozenset[str] = frozenset()
    kept: int = KEPT
    namings: tuple[Naming, ...] = ()
    mute: Mute | None = None


@dataclass(slots=True)
class Decoded:
    """What a record held."""

    spans: list[Span] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def rejected_spans(self) -> int:
        """How many spans were rejected."""
        return sum(one.spans for one in self.rejected)


def decode(data: bytes, *, encoding: str = "auto", wanted: Wanted, now: datetime) -> Decoded:
    """Return the spans in `data`: an ExportTraceServiceRequest, TracesData or their JSON.

    Raises Undecodable, and nothing else, when `data` as a whole cannot be read. The same bytes give
    the same spans; only what is "in the future" depends on `now`.
    """
    decoded = Decoded()
    decoded.rejected = Decoder(wanted, now).read(data, encoding, decoded.spans)
    return decoded


class Decoder:
    """Reads one record after the other: what they have in common is set up once.

    Exporters that split by trace send records of few spans, so the cost of a record counts.
    """

    def __init__(self, wanted: Wanted, now: datetime) -> None:
        self._gists = gists(wanted.attributes, wanted.namings)
        self._kept = wanted.kept
        self._mute = wanted.mute
        self._latest = int((now + CLOCKS_MAY_BE_AHEAD).timestamp()) * 10**9
        self._refused: dict[str, list[tuple[bytes, bytes, bytes]]] = {}

    def read(self, data: bytes, encoding: str, into: list[Span]) -> list[Rejected]:
        """Append the spans in `data` to `into`; return the others. Undecodable: nothing is read."""
        unreadable: list[Rejected] = []
        if encoding == "otlp_json" or (encoding == "auto" and json_messages.looks_like(data)):
            request, unreadable = json_messages.read(data)
            self._read_all(request, into)
        elif record := usual(data):
            self._read(*record, into)
        else:
            self._read_all(_request(data), into)
        return unreadable + self._rejected() if self._refused else unreadable

    def _read_all(self, request: Any, into: list[Span]) -> None:
        for resource_spans in request.resource_spans:
            resource = resource_spans.resource
            for one in resource_spans.scope_spans:
                self._read(resource, one.scope, one.spans, into)
            for one in resource_spans.old_scope_spans:
                self._read(resource, one.scope, one.spans, into)

    def _read(
        self, resource: bytes, scope: bytes, spans: Iterable[bytes], into: list[Span]
    ) -> None:
        try:
            place = _origins.find(resource, scope, self._kept)
        except Unusable as exc:
            self._refuse(str(exc), *((resource, scope, raw) for raw in spans))
            return
        add, gists, latest, kept = into.append, self._gists, self._latest, self._kept
        mute = self._mute.at(place.origin, place.service) if self._mute else UNTOLD
        for raw in spans:
            try:
                add(_span(raw, place, gists, mute, latest, kept))
            except Unusable as exc:
                self._refuse(str(exc), (resource, scope, raw))
            except wire.DecodeError:
                self._refuse("it is damaged: not OTLP", (resource, scope, raw))

    def _refuse(self, reason: str, *spans: tuple[bytes, bytes, bytes]) -> None:
        self._refused.setdefault(reason, []).extend(spans)

    def _rejected(self) -> list[Rejected]:
        """Return what was refused, one entry a reason: a request that holds just those spans."""
        refused, self._refused = self._refused, {}
        return [Rejected(why, _request_of(spans), len(spans)) for why, spans in refused.items()]


def _request(data: bytes) -> Any:
    try:
        request = wire.Request.FromString(data)
    except wire.DecodeError:
        raise Undecodable("not an OTLP trace export: damaged, cut off or another format") from None
    for one in request.resource_spans:
        if one.resource or one.scope_spans or one.old_scope_spans or not one.ByteSize():
            return request
    if data:
        raise Undecodable("no resource spans in it: not an OTLP trace export")
    return request


def _span(raw: bytes, place: Place, gists: Gists, mute: Shapes, latest: int, kept: int) -> Span:
    """Read a span in the usual layout; what has another one is read by protobuf."""
    layout = gists.plan.layout
    head = layout.head(raw)
    if head is None:
        return _unusual(raw, place, gists, latest, kept)
    trace_id, span_id, parent_id, sized_name, kinds, clock, one, two, three, four = head.groups()
    at, size, attributes = head.end(), len(raw), []
    if one is not None:
        attributes = [sized[1:] for sized in (one, two, three, four) if sized]
    tail = NO_TAIL if at == size else layout.rest(raw, at, attributes)
    if tail is None:
        return _unusual(raw, place, gists, latest, kept)
    start, end = _clock(clock)
    if not EARLIEST <= start <= end <= latest:
        start, end = times(start, end, latest)
    if parent_id is None or parent_id == span_id:
        parent_id = b""
    if size > kept:
        raw = cut_span(raw, kept)
    name = _name(sized_name) or _names.learn(sized_name)
    kind, error, dropped = kinds[0] if kinds else 0, False, 0
    if tail is not NO_TAIL:
        error, links, dropped = tail
        if links:
            fields = (trace_id, span_id, parent_id, kind, name, start, end, error)
            return _made(fields, attributes, tail, place, gists, raw)
    if not attributes and kind < PRODUCER:
        return _new(Span, (
            trace_id, span_id, parent_id, kind, name, start, end, error, place.service,
            None, None, None, None, mute[kind, name], (), dropped, place.origin, raw,
        ))  # fmt: skip
    _, service, said, asked = gists.of(attributes, kind, name, place)
    if not asked and said == NO_MESSAGE and service == place.service:
        asked = mute[kind, name]  # its attributes were long, or not the ones that they might be
    return _new(Span, (
        trace_id, span_id, parent_id, kind, name, start, end, error, service,
        *said, asked, (), dropped, place.origin, raw,
    ))  # fmt: skip


def _unusual(raw: bytes, place: Place, gists: Gists, latest: int, kept: int) -> Span:
    """Read a span in whatever layout."""
    sent = wire.SlimSpan.FromString(raw)
    trace_id, span_id, kind = sent.trace_id, sent.span_id, sent.kind
    check_ids(trace_id, span_id)
    start, end = times(sent.start, sent.end, latest)
    tail = Tail(failed(sent.status), sent.links, sent.dropped_links)
    parent_id = parent(sent.parent_span_id, span_id)
    kind = kind if 0 <= kind <= 5 else 0
    fields = (trace_id, span_id, parent_id, kind, _names.clean(sent.name), start, end, tail.failed)
    return _made(fields, sent.attributes, tail, place, gists, cut_span(raw, kept))


def _made(
    fields: Fields, attributes: Sequence[bytes], tail: Tail, place: Place, gists: Gists, raw: bytes
) -> Span:
    """Return the span with these first fields, and with what follows from all it says."""
    kind, name, origin, dropped = fields[3], fields[4], place.origin, tail.dropped_links
    if tail.links:
        found = gists.plan.read(attributes)
        links, left_out = read_links(tail.links, gists.plan)
        said = message(found, kind, name, origin.scope, links)
        service = logical_service(found, place.named, origin.scope)
        asked, dropped = gists.plan.attributes(found), dropped + left_out
        links = complete(links, said[0], said[1])
        return _new(Span, (*fields, service, *said, asked, links, dropped, origin, raw))
    _, service, said, asked = gists.of(attributes, kind, name, place)
    return _new(Span, (*fields, service, *said, asked, (), dropped, origin, raw))


def _request_of(refused: list[tuple[bytes, bytes, bytes]]) -> bytes:
    groups: dict[tuple[bytes, bytes], list[bytes]] = defaultdict(list)
    for resource, scope, raw in refused:
        groups[resource, scope].append(raw)
    request = wire.Request()
    for (resource, scope), raws in groups.items():
        entry = request.resource_spans.add(resource=resource)
        entry.scope_spans.add(scope=scope, spans=raws)
    return bytes(request.SerializeToString())


__all__ = ["ENCODINGS", "Decoded", "Decoder", "Rejected", "Undecodable", "Wanted", "decode"]
