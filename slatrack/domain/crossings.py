"""Crossings: how an event came from one step to another, as far as spans tell.

Between two services stand a sending span (PRODUCER, or CLIENT for a call) and a taking one
(CONSUMER, or SERVER). Either may be missing, because its side is not instrumented; then the leg
between the steps is known in part only. Pure; spans may form rings, so every walk is bounded.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from slatrack.domain.facts import Fact
from slatrack.domain.operations import operation_in
from slatrack.domain.spans import Kind

SpanAt = tuple[bytes, bytes]  # trace id, span id
Facts = Mapping[SpanAt, Fact]

TAKES = (Kind.CONSUMER, Kind.SERVER)
SENDS = (Kind.PRODUCER, Kind.CLIENT)
HIGHEST = 64  # ancestors looked at
MOST_LINKS = 1_000  # links of one span looked at


class Crossing(NamedTuple):
    """The way into a step: who took the event in, and who had sent it. None: no span says so.

    `inside` when both steps are work on one request or message: nothing was crossed.
    """

    taken: Fact | None = None
    sent: Fact | None = None
    inside: bool = False

    @property
    def taken_at(self) -> int | None:
        """When the event was taken in.

        A poll that was waiting before the message was sent has it when it ends.
        """
        if self.taken is None:
            return None
        waited = self.sent is None or self.taken.start < self.sent.end
        return self.taken.end if _receives(self.taken) and waited else self.taken.start


def crossing(facts: Facts, before: Collection[SpanAt], after: SpanAt) -> Crossing:
    """Return how the event came from the spans of one step to the span of the next."""
    around = {at for one in before for at in _upwards(facts, one)}
    for here in _upwards(facts, after):
        one = facts[here]
        if here in around:
            return Crossing(inside=True)
        if one.kind in TAKES or _receives(one):
            return Crossing(one, _sender(facts, here, one) or _writer(facts, before, one))
        if one.kind == Kind.PRODUCER and here != after:
            return Crossing(sent=one)
    return Crossing()


def _upwards(facts: Facts, at: SpanAt) -> Iterator[SpanAt]:
    """Yield a span and its ancestors up to the one that took the event in."""
    for _ in range(HIGHEST):
        one = facts.get(at)
        if one is None:
            return
        yield at
        if one.kind in TAKES or _receives(one):
            return
        at = (at[0], one.parent_id)


def _sender(facts: Facts, at: SpanAt, taker: Fact) -> Fact | None:
    """The sending span above the one that took the event; a poll may stand between the two."""
    for _ in range(HIGHEST):
        above = list(_above(facts, at, taker))
        for _, one in above:
            if one.kind in SENDS and not _receives(one):
                return one
        polls = [(place, one) for place, one in above if _receives(one)]
        if not polls:
            return None
        at, taker = polls[0]
    return None


def _writer(facts: Facts, before: Iterable[SpanAt], taker: Fact) -> Fact | None:
    """The span that wrote what was taken, where no context leads to it.

    By the message's place; else, as two steps may be joined by the key alone, a span of the step
    before that wrote to the topic it was taken from.
    """
    if taker.topic is None:
        return None
    if taker.partition is not None and taker.offset is not None:
        place = taker.topic, taker.partition, taker.offset
        for one in facts.values():
            if one.kind == Kind.PRODUCER and (one.topic, one.partition, one.offset) == place:
                return one
    spans = (facts[at] for at in before if at in facts)
    return next((one for one in spans if _wrote(one, taker)), None)


def _wrote(one: Fact, taker: Fact) -> bool:
    return one.kind == Kind.PRODUCER and one.topic == taker.topic


def _above(facts: Facts, at: SpanAt, one: Fact) -> Iterator[tuple[SpanAt, Fact]]:
    places = [(at[0], one.parent_id)]
    places += [(link.trace_id, link.span_id) for link in one.links[:MOST_LINKS]]
    return ((place, facts[place]) for place in places if place in facts)


def is_poll(facts: Facts, at: SpanAt) -> bool:
    """Whether a span took in messages for others to process: it is no work on any one of them."""
    one = facts.get(at)
    if one is None or not _receives(one):
        return False
    above = facts.get((at[0], one.parent_id))
    return above is None or above.kind != Kind.PRODUCER


def _receives(one: Fact) -> bool:
    return one.kind in (Kind.CONSUMER, Kind.CLIENT) and operation_in(one.name) == "receive"
