"""Binding: which spans of a trace belong to which events, and why.

A span that carries an event key belongs to that event. Any other belongs to the event of its
nearest keyed ancestor; else to those of its nearest keyed descendants (one request with a hundred
trades); else, within the same process, to those of its nearest bound ancestor. Where a parent was
never exported none of these is found: then, if the trace knows only one event, the span is that
event's by trace, which is weaker evidence, since another event may yet turn up.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from slatrack.domain.facts import Fact, TraceFacts
from slatrack.domain.spans import Kind

MAX_KEYS_PER_SPAN = 10_000

_MESSAGING = (Kind.PRODUCER, Kind.CONSUMER)


class BoundBy(StrEnum):
    """Why a span belongs to a journey."""

    KEY = "key"
    ANCESTRY = "ancestry"
    TRACE = "trace"
    LINK = "link"
    MESSAGE = "message"
    MESSAGE_KEY = "message key"


class Bound(NamedTuple):
    """One span in one journey. `shared` counts the events of the flow that it belongs to."""

    fact: Fact
    by: BoundBy
    shared: int


Event = tuple[str, str]  # flow, key


def bind(trace: TraceFacts) -> dict[Event, list[Bound]]:
    """Return the spans of each event of the trace, by (flow, key), in order of span id.

    An event is left out while none of its spans here proves a step of the flow: an attribute that
    happens to have the right name makes no journey.
    """
    events: dict[Event, list[Bound]] = {}
    for flow, keys in _keys(trace.facts.values()).items():
        events.update(_bind_flow(trace.facts, flow, keys))
    return events


def _keys(facts: Iterable[Fact]) -> dict[str, dict[str, None]]:
    keys: dict[str, dict[str, None]] = defaultdict(dict)
    for one in facts:
        for flow, key in one.keys:
            keys[flow][key] = None
    return keys


def _bind_flow(
    facts: Mapping[bytes, Fact], flow: str, keys: Mapping[str, None]
) -> dict[Event, list[Bound]]:
    if not any(name == flow for one in facts.values() for name, _ in one.steps):
        return {}
    tree = _Tree(facts, flow)
    owners = tree.owners()
    only = tuple(keys) if len(keys) == 1 else ()
    spans: dict[str, list[Bound]] = defaultdict(list)
    for span_id in sorted(facts):
        owned_by = owners.get(span_id)
        by = BoundBy.KEY if tree.own[span_id] else BoundBy.ANCESTRY if owned_by else BoundBy.TRACE
        for key in owned_by or only:
            spans[key].append(Bound(facts[span_id], by, len(owned_by or only)))
    return {(flow, key): found for key, found in spans.items() if _proves(found, flow)}


def _proves(found: list[Bound], flow: str) -> bool:
    return any(name == flow for bound in found for name, _ in bound.fact.steps)


class _Tree:
    """One trace as one flow sees it: who is whose nearest keyed relative."""

    def __init__(self, facts: Mapping[bytes, Fact], flow: str) -> None:
        self.facts = facts
        self.own = {
            span_id: tuple(key for name, key in one.keys if name == flow)
            for span_id, one in facts.items()
        }
        self.order = self._parents_first()

    def _parents_first(self) -> list[bytes]:
        """All spans, each after its parent; a ring of parents is broken at its smallest id."""
        seen: set[bytes] = set()
        order: list[bytes] = []
        for span_id in sorted(self.facts):
            way = []
            at = span_id
            while at in self.facts and at not in seen:
                seen.add(at)
                way.append(at)
                at = self.facts[at].parent_id
            order.extend(reversed(way))
        return order

    def owners(self) -> dict[bytes, tuple[str, ...]]:
        """Return the keys that each span belongs to, sorted; one that belongs to none is absent."""
        owners = self._from_above()
        below = self._from_below(owners)
        for span_id in self.order:
            if span_id in owners:
                continue
            if found := below.get(span_id):
                owners[span_id] = tuple(sorted(found))[:MAX_KEYS_PER_SPAN]
            elif beside := self._beside(span_id, owners):
                owners[span_id] = beside
        return owners

    def _from_above(self) -> dict[bytes, tuple[str, ...]]:
        """Own keys, else those of the nearest keyed ancestor."""
        owners: dict[bytes, tuple[str, ...]] = {}
        for span_id in self.order:
            if keys := self.own[span_id] or owners.get(self.facts[span_id].parent_id):
                owners[span_id] = keys
        return owners

    def _from_below(self, owners: Mapping[bytes, tuple[str, ...]]) -> dict[bytes, set[str]]:
        """For spans with no keyed ancestor: the keys of their nearest keyed descendants."""
        below: dict[bytes, set[str]] = defaultdict(set)
        for span_id in reversed(self.order):
            parent = self.facts[span_id].parent_id
            if parent in self.facts and parent not in owners:
                below[parent].update(owners.get(span_id) or below.get(span_id) or ())
        return below

    def _beside(self, span_id: bytes, owners: Mapping[bytes, tuple[str, ...]]) -> tuple[str, ...]:
        """For a span beside the keyed ones: what its parent belongs to, if no message parts them.

        Work that one request does for all its events is shared by them; a message is one event's.
        """
        one = self.facts[span_id]
        above = owners.get(one.parent_id, ())
        return () if one.kind in _MESSAGING and len(above) > 1 else above
