"""Decoding: from the bytes of an OTLP trace export to spans, cleaned and named.

One bad span never takes its neighbours with it: it comes back as rejected, in a request of its own
that can be replayed. Only where nothing can be told apart is the whole record undecodable.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slatrack.domain.spans import Span
from slatrack.otlp import json_messages, wire
from slatrack.otlp.attributes import Plan, plan
from slatrack.otlp.cleaning import Names, Unusable, check_ids, failed, parent, times
from slatrack.otlp.cutting import cut_span
from slatrack.otlp.errors import Rejected, Undecodable
from slatrack.otlp.messaging import complete, message, read_links
from slatrack.otlp.origins import Origins, Place
from slatrack.otlp.services import logical_service

ENCODINGS = ("auto", "otlp_proto", "otlp_json")
CLOCKS_MAY_BE_AHEAD = timedelta(days=1)
KEPT = 65_536  # bytes of one span

_names = Names()
_origins = Origins()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader wants of spans: attributes by name, old or new, and how many bytes to keep."""

    attributes: frozenset[str] = frozenset()
    kept: int = KEPT


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
    is_json = encoding == "otlp_json" or (encoding == "auto" and json_messages.looks_like(data))
    request, unreadable = json_messages.read(data) if is_json else (_request(data), [])
    reader = _Reader(wanted, now)
    for resource_spans in request.resource_spans:
        for scopes in (resource_spans.scope_spans, resource_spans.old_scope_spans):
            for scope_spans in scopes:
                reader.read(resource_spans.resource, scope_spans)
    return Decoded(reader.spans, unreadable + reader.rejected())


def _request(data: bytes) -> Any:
    try:
        request = wire.Request.FromString(data)
    except wire.DecodeError:
        raise Undecodable("not an OTLP trace export: damaged, cut off or another format") from None
    if data and not any(_holds_spans(one) for one in request.resource_spans):
        raise Undecodable("no resource spans in it: not an OTLP trace export")
    return request


def _holds_spans(one: Any) -> bool:
    return bool(one.scope_spans or one.old_scope_spans or one.resource) or not one.ByteSize()


class _Reader:
    def __init__(self, wanted: Wanted, now: datetime) -> None:
        self.plan = plan(wanted.attributes)
        self.kept = wanted.kept
        self.latest = int((now + CLOCKS_MAY_BE_AHEAD).timestamp()) * 10**9
        self.spans: list[Span] = []
        self._refused: dict[str, list[tuple[bytes, bytes, bytes]]] = defaultdict(list)

    def read(self, resource: bytes, scope_spans: Any) -> None:
        scope = scope_spans.scope
        try:
            place = _origins.find(resource, scope, self.kept)
        except Unusable as exc:
            self._refused[str(exc)].extend((resource, scope, raw) for raw in scope_spans.spans)
            return
        add, plan, latest, kept = self.spans.append, self.plan, self.latest, self.kept
        for raw in scope_spans.spans:
            try:
                add(_span(raw, place, plan, latest, kept))
            except Unusable as exc:
                self._refused[str(exc)].append((resource, scope, raw))
            except wire.DecodeError:
                self._refused["it is damaged: not OTLP"].append((resource, scope, raw))

    def rejected(self) -> list[Rejected]:
        """Return what was refused, one entry a reason: a request that holds just those spans."""
        return [
            Rejected(reason, _request_of(refused), len(refused))
            for reason, refused in self._refused.items()
        ]


def _span(raw: bytes, place: Place, plan: Plan, latest: int, kept: int) -> Span:
    sent = wire.SlimSpan.FromString(raw)
    trace_id, span_id, parent_id = sent.trace_id, sent.span_id, sent.parent_span_id
    check_ids(trace_id, span_id)
    start, end = times(sent.start, sent.end, latest)
    name, kind, status = _names.clean(sent.name), sent.kind, sent.status
    found = plan.read(sent.attributes)
    sent_links = sent.links
    links, left_out = read_links(sent_links, plan) if sent_links else ((), 0)
    origin, named = place
    topic, partition, offset, operation = message(found, kind, name, origin.scope, links)
    return Span._make((  # in the order of its fields; twice as quick as by their names
        trace_id,
        span_id,
        parent(parent_id, span_id) if parent_id else b"",
        kind if 0 <= kind <= 5 else 0,
        name,
        start,
        end,
        failed(status) if status else False,
        logical_service(found, named, origin.scope),
        topic,
        partition,
        offset,
        operation,
        plan.attributes(found),
        complete(links, topic, partition) if links else (),
        sent.dropped_links + left_out,
        origin,
        raw if len(raw) <= kept else cut_span(raw, kept),
    ))  # fmt: skip


def _request_of(refused: list[tuple[bytes, bytes, bytes]]) -> bytes:
    groups: dict[tuple[bytes, bytes], list[bytes]] = defaultdict(list)
    for resource, scope, raw in refused:
        groups[resource, scope].append(raw)
    request = wire.Request()
    for (resource, scope), raws in groups.items():
        entry = request.resource_spans.add(resource=resource)
        entry.scope_spans.add(scope=scope, spans=raws)
    return bytes(request.SerializeToString())


__all__ = ["ENCODINGS", "Decoded", "Rejected", "Undecodable", "Wanted", "decode"]
