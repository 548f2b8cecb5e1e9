"""Causes: which spans of a sample come before which, across traces too.

A span comes after its parent; one that takes a message also comes after the span that sent it, by
link or by topic, partition and offset. Links of other spans touch, they do not lead on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from slatrack.domain.discovery.places import TAKING, Place, place
from slatrack.domain.spans import Kind, Span

MOST = 200  # values or spans that one span is given by others; more say nothing
T = TypeVar("T")


class Sample:
    """Spans by number, each after what caused it; `before` and `after` are numbers too."""

    def __init__(self, spans: Iterable[Span]) -> None:
        found = {(span.trace_id, span.span_id): span for span in spans}
        self.spans: Sequence[Span] = sorted(found.values(), key=_by_start)
        self.before = _Finder(self.spans).all()
        self.after: list[list[int]] = [[] for _ in self.spans]
        for number, causes in enumerate(self.before):
            for cause in causes:
                self.after[cause].append(number)
        self.order = _causes_first(self.before, self.after)
        self.places = _steps([place(span) for span in self.spans])

    def downwards(self, own: Mapping[int, frozenset[T]]) -> list[frozenset[T]]:
        """Return for each span its own values, else those of the nearest causes that have some."""
        found: list[frozenset[T]] = [frozenset()] * len(self.spans)
        before = self.before
        for number in self.order:
            if number in own:
                found[number] = own[number]
            elif causes := before[number]:
                found[number] = _union(found, causes)
        return found

    def upwards(self, known: Sequence[frozenset[T]]) -> list[frozenset[T]]:
        """Return for each span what is known of it, else of the nearest effects."""
        found = list(known)
        for number in reversed(self.order):
            if not found[number] and (effects := self.after[number]):
                found[number] = _union(found, effects)
        return found


def _by_start(span: Span) -> tuple[int, bytes, bytes]:
    return span.start, span.trace_id, span.span_id


def _union(sets: Sequence[frozenset[T]], numbers: Sequence[int]) -> frozenset[T]:
    if len(numbers) == 1:
        return sets[numbers[0]]
    found: frozenset[T] = frozenset().union(*(sets[number] for number in numbers))
    return found if len(found) <= MOST else frozenset()


class _Finder:
    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = spans
        self.by_id = {(s.trace_id, s.span_id): number for number, s in enumerate(spans)}
        self.sent: dict[tuple[str, int, int], int] = {}
        for number, span in enumerate(spans):
            if span.kind == Kind.PRODUCER and (message := _message(span)):
                self.sent.setdefault(message, number)

    def all(self) -> list[list[int]]:
        return [self._causes(number, span) for number, span in enumerate(self.spans)]

    def _causes(self, number: int, span: Span) -> list[int]:
        parent = self.by_id.get((span.trace_id, span.parent_id))
        found = dict.fromkeys(() if parent is None else (parent,))
        if span.kind == Kind.CONSUMER or span.operation in TAKING:
            messages = self._messages(span)
            if messages and parent is not None and self.spans[parent].operation == "receive":
                del found[parent]  # the poll took many messages, this span one
            found |= dict.fromkeys(messages)
        found.pop(number, None)
        return list(found)

    def _messages(self, span: Span) -> list[int]:
        found = [self.by_id.get((link.trace_id, link.span_id)) for link in span.links[:MOST]]
        found += [
            self.sent.get((link.topic, link.partition, link.offset))
            for link in span.links[:MOST]
            if link.topic and link.partition is not None and link.offset is not None
        ]
        if message := _message(span):
            found.append(self.sent.get(message))
        return [number for number in found if number is not None]


def _message(span: Span) -> tuple[str, int, int] | None:
    if span.topic is None or span.partition is None or span.offset is None:
        return None
    return span.topic, span.partition, span.offset


def _causes_first(before: Sequence[list[int]], after: Sequence[list[int]]) -> list[int]:
    """All numbers, each after its causes; a ring, which a sender may write, is broken somewhere."""
    left = [len(causes) for causes in before]
    order = [number for number, count in enumerate(left) if not count]
    for number in order:  # grows while it is walked
        for effect in after[number]:
            left[effect] -= 1
            if not left[effect]:
                order.append(effect)
    seen = set(order)
    return order + [number for number in range(len(before)) if number not in seen]


def _steps(places: Sequence[Place | None]) -> list[Place | None]:
    """The places, without polls where the messages that they took have spans of their own."""
    handled: dict[tuple[str, str], bool] = defaultdict(bool)
    for one in places:
        if one and one.takes:
            handled[one.service, one.topic] |= not one.operation
    return [
        None if one and one.operation and handled[one.service, one.topic] else one for one in places
    ]
