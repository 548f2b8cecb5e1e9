"""What is stored of one journey's traces, each part read when it is first asked for."""

from collections.abc import Container, Mapping
from functools import cached_property
from heapq import nsmallest
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from slatrack.domain.binding import Binding, Bound, bind
from slatrack.domain.confidence import confidence
from slatrack.domain.crossings import Facts, SpanAt
from slatrack.domain.journeys import Journey, fold
from slatrack.domain.parts import Part, journey_id
from slatrack.otlp.full import explain
from slatrack.tracking import children, models, span_blocks
from slatrack.tracking.flows import Flows
from slatrack.tracking.packing import StoredTrace, unpack_parts, unpack_trace
from slatrack.tracking.store import chunks

MOST_SHOWN = 1_000  # spans that a page is made of
NAMED = 20  # other events that are named where a span is shared


class Known(NamedTuple):
    """A journey found: its row, its parts by trace id, and the journey they make."""

    row: models.Journey
    parts: Mapping[bytes, Part]
    journey: Journey


def find(flow: str, key: str, flows: Flows) -> Known | None:
    """Return the journey of event `key` in `flow`; None if there is none."""
    rows = models.Journey.objects.select_related("flow")
    row = rows.filter(id=journey_id(flow, key)).first()
    if row is None or flow not in flows.flows:
        return None
    parts = unpack_parts(row.parts)
    journey = fold(flows.flows[flow], key, parts, children.read(row.children))
    return Known(row, parts, journey) if journey else None


class Evidence:
    """The traces and spans behind a journey that was found."""

    def __init__(self, known: Known) -> None:
        self.event = (known.journey.flow.name, known.journey.key)
        self._trace_ids = tuple(known.parts)

    @cached_property
    def traces(self) -> dict[bytes, StoredTrace]:
        """The traces it crosses, as stored."""
        found: dict[bytes, StoredTrace] = {}
        for some in chunks([UUID(bytes=trace_id) for trace_id in self._trace_ids]):
            rows = models.Trace.objects.filter(id__in=some).values_list("id", "state")
            found.update((row_id.bytes, unpack_trace(state)) for row_id, state in rows)
        return found

    @cached_property
    def facts(self) -> Facts:
        """All facts of those traces, also of spans that belong to other events."""
        return {
            (trace_id, span_id): one
            for trace_id, stored in self.traces.items()
            for span_id, one in stored.trace.facts.items()
        }

    @cached_property
    def bindings(self) -> dict[bytes, Binding]:
        """What belongs to whom in each trace."""
        return {trace_id: bind(stored.trace) for trace_id, stored in self.traces.items()}

    @cached_property
    def bound(self) -> dict[SpanAt, Bound]:
        """The spans that belong to the journey, and why."""
        return {
            (trace_id, one.fact.span_id): one
            for trace_id, binding in self.bindings.items()
            for one in binding.spans(self.event)
        }

    @cached_property
    def shared_with(self) -> dict[SpanAt, tuple[str, ...]]:
        """The first other events of each span that belongs to several."""
        flow, key = self.event
        found: dict[SpanAt, tuple[str, ...]] = {}
        for trace_id, binding in self.bindings.items():
            for group in binding.groups.get((flow, key), ()):
                others = tuple(k for k in group.keys[: NAMED + 1] if k != key)[:NAMED]
                if others:
                    found.update(((trace_id, one.span_id), others) for one in group.facts)
        return found

    @cached_property
    def spans(self) -> list[dict[str, Any]]:
        """Its spans by start, whole as received, with why each is bound."""
        return self._read(self.bound)

    @cached_property
    def shown(self) -> list[dict[str, Any]]:
        """Its spans, as many as a page can bear: those that prove steps first, then the earliest.

        To explain a span costs much more than to know of it.
        """
        if len(self.bound) <= MOST_SHOWN:
            return self.spans
        chosen = nsmallest(MOST_SHOWN, self.bound, key=self._rank)
        return self._read(dict.fromkeys(chosen))

    def one(self, span_id: str) -> dict[str, Any] | None:
        """Return the span with this id (hex), if it is the journey's."""
        wanted = [at for at in self.bound if at[1].hex() == span_id]
        return next(iter(self._read(dict.fromkeys(wanted[:1]))), None)

    def _rank(self, at: SpanAt) -> tuple[bool, bool, int, SpanAt]:
        one = self.bound[at].fact
        return not one.steps, not one.error, one.start, at

    def _read(self, wanted: Container[SpanAt]) -> list[dict[str, Any]]:
        blocks = {trace_id: stored.blocks for trace_id, stored in self.traces.items()}
        found = [
            self._whole(stored, self.bound[at])
            for stored in span_blocks.load(blocks)
            if (at := (stored.trace_id, stored.span_id)) in wanted
        ]
        return sorted(found, key=lambda one: (one["start_ns"], one["span_id"]))

    def _whole(self, stored: Any, bound: Bound) -> dict[str, Any]:
        one = bound.fact
        others = self.shared_with.get((stored.trace_id, one.span_id), ())
        return {
            **explain(stored.raw_resource, stored.raw_scope, stored.raw, settings.SLATRACK.namings),
            **({"service": one.service} if one.service else {}),
            "topic": one.topic,
            "partition": one.partition,
            "offset": one.offset,
            "step": next((step for name, step in one.steps if name == self.event[0]), None),
            "bound_by": bound.by.value,
            "confidence": confidence(bound.by),
            "shared": bound.shared,
            "shared_with": list(others),
        }
