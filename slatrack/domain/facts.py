"""Facts: what is remembered of each span, trace by trace.

The facts of a trace are a set: adding is commutative, associative and idempotent, so any order,
batching or repetition of the same spans gives the same facts.
"""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from slatrack.domain.claims import Claims, Tie
from slatrack.domain.edges import SAME_EVENT, Message, Reference, Side, meaning, messages, side
from slatrack.domain.flows import Flow
from slatrack.domain.matching import NOTHING, Matched
from slatrack.domain.spans import Link, Span, Value

MAX_FACTS = 10_000  # spans of one trace; beyond it the trace is marked truncated

Captured = tuple[tuple[str, str | int | float | bool], ...]


class Fact(NamedTuple):
    """One span, reduced to what binding and the fold need. Times are nanoseconds since 1970 UTC.

    `side` and `meaning` (of the links) are those of slatrack.domain.edges. `by_message_key` names
    the flows whose keys are the key of its message; `instead` holds what is the event's key where
    no span has any: its trace.
    """

    span_id: bytes
    parent_id: bytes
    start: int
    end: int
    kind: int = 0
    error: bool = False
    service: str = ""
    name: str = ""
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    keys: tuple[tuple[str, str], ...] = ()
    steps: tuple[tuple[str, str], ...] = ()
    captured: Captured = ()
    links: tuple[Link, ...] = ()
    dropped_links: int = 0
    side: int = Side.NONE
    meaning: str = SAME_EVENT
    by_message_key: tuple[str, ...] = ()
    instead: tuple[tuple[str, str], ...] = ()

    @property
    def joins(self) -> tuple[Link, ...]:
        """The links to spans of the same event, but for the parent: that one is known anyway."""
        if not self.links or self.meaning:
            return ()
        return tuple(link for link in self.links if link.span_id != self.parent_id)

    @property
    def references(self) -> tuple[Reference, ...]:
        """The spans of other events that this one touches."""
        if not self.meaning:
            return ()
        return tuple(Reference(one.trace_id, one.span_id, self.meaning) for one in self.links)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages that this span wrote or read, as far as it says their coordinates."""
        return messages(self, self.side) if self.side else ()


_new = tuple.__new__  # knows the order of a fact's fields; quicker than by their names
SAYS_NOTHING = Fact(b"", b"", 0, 0)[5:]  # what follows the place of a span that says nothing
_where = attrgetter("span_id", "parent_id", "start", "end", "kind")


def fact(span: Span, matched: Matched, flows: Mapping[str, Flow]) -> Fact:
    """Reduce `span` to a fact; a span that says nothing to any flow keeps only its place."""
    links = span.links
    edge, said = Side.NONE, SAME_EVENT
    if links or span.operation is not None or span.offset is not None:
        edge = side(span.kind, span.operation)
        said = meaning(span.kind, span.name, span.operation) if links else SAME_EVENT
    if matched is NOTHING:
        if not edge and not links:
            return place(span)
        return _beside(span, edge, said)
    return _new(Fact, (
        span.span_id, span.parent_id, span.start, span.end, span.kind, span.error, span.service,
        span.name, span.topic, span.partition, span.offset, matched.keys, matched.steps,
        _captured(span, matched, flows), links, span.dropped_links, edge, said,
        matched.by_message_key, matched.instead,
    ))  # fmt: skip


def place(span: Span) -> Fact:
    """Return the fact of a span that says nothing to any flow or other span: its place."""
    return _new(Fact, _where(span) + SAYS_NOTHING)


def _beside(span: Span, edge: int, said: str) -> Fact:
    """What is remembered of a span that says nothing to a flow, but something to other spans."""
    return Fact(
        span.span_id, span.parent_id, span.start, span.end, span.kind,
        topic=span.topic, partition=span.partition, offset=span.offset,
        links=span.links, dropped_links=span.dropped_links, side=edge, meaning=said,
    )  # fmt: skip


def _captured(span: Span, matched: Matched, flows: Mapping[str, Flow]) -> Captured:
    said = (*matched.steps, *matched.keys)
    for flow, _ in said:
        if flows[flow].kept:
            break
    else:
        return ()
    concerned = {flow for flow, _ in said}
    found = {
        name: span.attributes[name]
        for flow in concerned
        for name in flows[flow].kept
        if name in span.attributes
    }
    for flow in concerned:
        version = flows[flow].version_attribute
        if version in found:  # one capture a version: of each a trace keeps the first sign
            found[version_name(version, found[version])] = found[version]
    return tuple(
        (name, value[0] if isinstance(value, tuple) else value)
        for name, value in sorted(found.items())
        if value != ()
    )


def version_name(attribute: str, value: Value) -> str:
    """Return the name by which one value of a version attribute is captured."""
    return f"{attribute}\0{value[0] if isinstance(value, tuple) else value}"


class TraceFacts(NamedTuple):
    """The facts of one trace by span id; `truncated` when some were left out.

    `given` is what other traces claim of the spans and messages that they share with it.
    """

    facts: Mapping[bytes, Fact]
    truncated: bool = False
    given: Mapping[Tie, Claims] = MappingProxyType({})


EMPTY = TraceFacts({})


def tied_to_others(trace: TraceFacts) -> bool:
    """Whether a trace may share something with others, as far as it knows."""
    return bool(trace.given or [one for one in trace.facts.values() if one.links and one.joins])


def merge(known: TraceFacts, new: Iterable[Fact], *, limit: int = MAX_FACTS) -> TraceFacts:
    """Return `known` with `new` added; `known` itself (the same object) if that changes nothing.

    Of two different spans with one id the greater fact stays. Beyond `limit` the ones that say
    something to a flow stay first, then those with the smallest ids: a choice that no order of
    arrival can change.
    """
    new = list(new)
    if known is EMPTY:
        facts = {one.span_id: one for one in new}
        if len(facts) == len(new) <= limit and facts:
            return TraceFacts(facts)
    facts = dict(known.facts)
    for one in new:
        other = facts.get(one.span_id)
        if other is None or (one != other and _rank(one) > _rank(other)):
            facts[one.span_id] = one
    if facts == known.facts:
        return known
    if len(facts) <= limit:
        return TraceFacts(facts, known.truncated, known.given)
    kept = sorted(facts.values(), key=lambda f: (not (f.keys or f.steps), f.span_id))[:limit]
    if known.truncated and all(known.facts.get(f.span_id) is f for f in kept):
        return known
    return TraceFacts({f.span_id: f for f in kept}, True, known.given)


def _rank(one: Fact) -> tuple[bool, str]:
    return bool(one.keys or one.steps), repr(one)
