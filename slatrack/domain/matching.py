"""Matching: which keys a span carries and which steps it proves, for all flows at once.

Spans come in few shapes (kind, service, name, topic, operation, scope, resource). The steps that
fit a shape are found once and remembered: a span costs one look-up, not one test per step.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from slatrack.domain.flows import Flow, KeySource, Step
from slatrack.domain.spans import Span

MAX_SHAPES = 20_000  # names may carry ids: forget all rather than grow without bound


class Matched(NamedTuple):
    """What a span says to flows: keys and proven steps, each as (flow, …) pairs in flow order."""

    keys: tuple[tuple[str, str], ...]
    steps: tuple[tuple[str, str], ...]


NOTHING = Matched((), ())


class _Candidate(NamedTuple):
    flow: str
    step: Step
    bare: bool  # no attributes to test


class Matcher:
    """Matches spans against a fixed set of flows. Not for several threads at once."""

    def __init__(self, flows: Sequence[Flow]) -> None:
        self._flows = tuple(flows)
        self._sources = tuple((flow.name, flow.event_key) for flow in flows)
        self._own_keys = any(s.event_key for f in flows for s in f.steps)
        self._shapes: dict[Hashable, tuple[_Candidate, ...]] = {}
        self._by_resource = any(s.match.resource for f in flows for s in f.steps)
        self._attributes = frozenset(
            source.attribute for flow in flows for source in _sources(flow) if source.attribute
        )
        self._always = any(s.attribute is None for f in flows for s in _sources(f))

    def match(self, span: Span) -> Matched:
        """Return what `span` says to the flows."""
        steps = self._steps(span)
        keys = self._keys(span, steps) if steps or self._may_carry(span) else ()
        if not keys and not steps:
            return NOTHING
        return Matched(keys, tuple((c.flow, c.step.name) for c in steps))

    def _may_carry(self, span: Span) -> bool:
        return self._always or not self._attributes.isdisjoint(span.attributes)

    def _keys(self, span: Span, steps: tuple[_Candidate, ...]) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        own = {c.flow: c.step.event_key for c in steps} if self._own_keys else {}
        for flow, sources in self._sources:
            for source in own.get(flow) or sources:
                if keys := source.find(span):
                    found += [(flow, key) for key in keys]
                    break
        return tuple(found)

    def _steps(self, span: Span) -> tuple[_Candidate, ...]:
        origin = span.origin
        shape: Hashable = (
            span.kind,
            span.service,
            span.name,
            span.topic,
            span.operation,
            origin.scope,
            origin.raw_resource if self._by_resource else None,
        )
        candidates = self._shapes.get(shape)
        if candidates is None:
            candidates = self._remember(shape, span)
        if not candidates:
            return ()
        return tuple(c for c in candidates if c.bare or c.step.match.fits_attributes(span))

    def _remember(self, shape: Hashable, span: Span) -> tuple[_Candidate, ...]:
        if len(self._shapes) >= MAX_SHAPES:
            self._shapes.clear()
        found = tuple(
            _Candidate(flow.name, step, not step.match.attributes)
            for flow in self._flows
            for step in flow.steps
            if step.match.fits_shape(span)
        )
        self._shapes[shape] = found
        return found


def _sources(flow: Flow) -> list[KeySource]:
    return [*flow.event_key, *(source for step in flow.steps for source in step.event_key)]
