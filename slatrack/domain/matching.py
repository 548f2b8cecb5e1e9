"""Matching: which keys a span carries and which steps it proves, for all flows at once.

Spans come in few shapes (kind, service, name, topic, operation, scope, resource). The steps that
fit a shape are found once and remembered: a span costs one look-up, not one test per step.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from slatrack.domain.flows import Flow, KeyKind, KeySource, Step
from slatrack.domain.spans import Origin, Span

MAX_SHAPES = 20_000  # names may carry ids: forget all rather than grow without bound
MAX_RECENT = 4_000  # keys: an event's comes with each of its spans


class Matched(NamedTuple):
    """What a span says to flows: keys and proven steps, each as (flow, …) pairs in flow order.

    `by_message_key` names the flows whose keys are a message's key; `instead` holds the keys that
    hold where no span of the event has any.
    """

    keys: tuple[tuple[str, str], ...]
    steps: tuple[tuple[str, str], ...]
    by_message_key: tuple[str, ...] = ()
    instead: tuple[tuple[str, str], ...] = ()


NOTHING = Matched((), ())
Keys = tuple[tuple[str, str], ...]

_new = tuple.__new__  # quicker than by the names of its fields
_shape = attrgetter("kind", "service", "name", "topic", "operation")


class _Candidate(NamedTuple):
    flow: str
    step: Step
    bare: bool  # no attributes to test


class _Candidates(NamedTuple):
    """The steps that fit a shape; `bare` and `named` too where none of them tests attributes."""

    steps: tuple[_Candidate, ...]
    bare: tuple[_Candidate, ...]
    named: tuple[tuple[str, str], ...]


_NONE = _Candidates((), (), ())
_Shapes = dict[Hashable, _Candidates]
_Plain = tuple[tuple[str, tuple[tuple[str, KeySource], ...]], ...]  # flow, its attributes


class Matcher:
    """Matches spans against a fixed set of flows. Not for several threads at once."""

    def __init__(self, flows: Sequence[Flow]) -> None:
        self._flows = tuple(flows)
        self._sources = tuple((flow.name, flow.event_key) for flow in flows)
        self._plain = _plain_attributes(flows)
        self._readers = _readers(self._plain)
        self._own_keys = any(s.event_key for f in flows for s in f.steps)
        # By what an origin may decide, and then by shape: spans come in runs of one origin.
        self._shapes: dict[tuple[str, bytes | None], _Shapes] = {}
        self._turned: tuple[Origin | None, _Shapes] = (None, {})
        self._remembered = 0
        self._recent: dict[tuple[str, str], Keys] = {}
        self._by_resource = any(s.match.resource for f in flows for s in f.all_steps)
        self._attributes = frozenset(
            source.attribute for flow in flows for source in _sources(flow) if source.attribute
        )
        self._always = any(s.attribute is None for f in flows for s in _sources(f))

    def match(self, span: Span) -> Matched:
        """Return what `span` says to the flows."""
        origin, shapes = self._turned
        if span.origin is not origin:
            shapes = self._turn_to(span.origin)
        candidates = shapes.get(_shape(span)) or self._remember(span, shapes)
        attributes = span.attributes
        if candidates is _NONE:
            if not self._always and (not attributes or self._attributes.isdisjoint(attributes)):
                return NOTHING
            steps: tuple[_Candidate, ...] = ()
            named: Keys = ()
        elif candidates.bare:
            steps, named = candidates.bare, candidates.named
        else:
            steps = tuple(
                [c for c in candidates.steps if c.bare or c.step.match.fits_attributes(span)]
            )
            named = tuple([(c.flow, c.step.name) for c in steps])
        if not self._plain:
            return self._searched(span, steps, named)
        keys = self._plain_keys(span)
        return _new(Matched, (keys, named, (), ())) if keys or steps else NOTHING

    def is_mute(self, span: Span) -> bool:
        """Whether `span`, which has no attributes, says nothing, and none of its shape would."""
        return not self._always and self.match(span) is NOTHING

    def deciding(self, origin: Origin) -> tuple[str, bytes | None]:
        """Return what of an origin may decide what its spans say."""
        return origin.scope, origin.raw_resource if self._by_resource else None

    def _turn_to(self, origin: Origin) -> _Shapes:
        shapes = self._shapes.setdefault(self.deciding(origin), {})
        self._turned = origin, shapes
        return shapes

    def _searched(
        self, span: Span, steps: Sequence[_Candidate], named: tuple[tuple[str, str], ...]
    ) -> Matched:
        """What the span says where keys may be found in other places than attributes."""
        found: dict[KeyKind, list[tuple[str, str]]] = {kind: [] for kind in KeyKind}
        own = {c.flow: c.step.event_key for c in steps} if self._own_keys else {}
        for flow, sources in self._sources:
            for source in own.get(flow) or sources:
                if keys := source.find(span):
                    found[source.kind] += [(flow, key) for key in keys]
                    break
        instead = found.pop(KeyKind.TRACE)
        if not steps and not any(found.values()) and not instead:
            return NOTHING
        by_message_key = dict.fromkeys(flow for flow, _ in found[KeyKind.MESSAGE_KEY])
        by_key = [pair for pairs in found.values() for pair in pairs]
        return Matched(tuple(by_key), named, tuple(by_message_key), tuple(instead))

    def _plain_keys(self, span: Span) -> Keys:
        """The keys where all flows look for attributes only: the usual case, without the calls."""
        attributes, readers = span.attributes, self._readers
        here = [name for name in attributes if name in readers]
        if not here:
            return ()
        if len(here) > 1:
            return self._keys_of(span, self._plain)
        said = attributes[here[0]]
        if type(said) is not str:  # of others those may be equal that are different keys
            return self._keys_of(span, readers[here[0]])
        known = self._recent.get((here[0], said))
        if known is None:
            if len(self._recent) >= MAX_RECENT:
                self._recent.clear()
            known = self._recent[here[0], said] = self._keys_of(span, readers[here[0]])
        return known

    def _keys_of(self, span: Span, flows: _Plain) -> Keys:
        attributes = span.attributes
        found: list[tuple[str, str]] = []
        for flow, sources in flows:
            for name, source in sources:
                if name in attributes and (keys := source.find(span)):
                    found += [(flow, key) for key in keys]
                    break
        return tuple(found)

    def _remember(self, span: Span, shapes: _Shapes) -> _Candidates:
        if self._remembered >= MAX_SHAPES:
            self._shapes.clear()
            self._remembered = 0
            shapes = self._turn_to(span.origin)
        found = tuple(
            _Candidate(flow.name, step, not step.match.attributes)
            for flow in self._flows
            for step in flow.all_steps
            if step.match.fits_shape(span)
        )
        remembered = _NONE if not found else _candidates(found)
        shapes[_shape(span)] = remembered
        self._remembered += 1
        return remembered


def _candidates(found: tuple[_Candidate, ...]) -> _Candidates:
    bare = found if all(one.bare for one in found) else ()
    return _Candidates(found, bare, tuple((one.flow, one.step.name) for one in bare))


def _readers(plain: _Plain) -> dict[str, _Plain]:
    """The flows that read an attribute, by its name, in flow order."""
    found: dict[str, list[Any]] = defaultdict(list)
    for one in plain:
        for name in dict.fromkeys(name for name, _ in one[1]):
            found[name].append(one)
    return {name: tuple(flows) for name, flows in found.items()}


def _plain_attributes(flows: Sequence[Flow]) -> _Plain:
    """Each flow's attributes in order of preference; empty where some key is found otherwise."""
    if any(s.kind is not KeyKind.ATTRIBUTE for flow in flows for s in _sources(flow)):
        return ()
    if any(step.event_key for flow in flows for step in flow.steps):
        return ()
    return tuple((f.name, tuple((s.name, s) for s in f.event_key)) for f in flows)


def _sources(flow: Flow) -> list[KeySource]:
    return [*flow.event_key, *(source for step in flow.steps for source in step.event_key)]
