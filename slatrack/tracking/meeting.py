"""A meeting: traces that have something to tell, and their neighbours, locked together.

First who shares what is written down on both sides, then what each knows of it. A trace that has
not been seen yet, but is linked to, gets an empty row: what is claimed of it waits there.
"""

from collections import defaultdict
from collections.abc import Collection

from slatrack.domain.claims import NOTHING_CLAIMED, Claims, How, Tie
from slatrack.domain.edges import Message, Side
from slatrack.domain.facts import TraceFacts
from slatrack.domain.telling import neighbours, telling
from slatrack.tracking.packing import NEW
from slatrack.tracking.trace_rows import load_traces, read_traces

MOST_TIES = 10_000  # of one trace; beyond it the trace is marked truncated

Pair = tuple[bytes, bytes]


class Meeting:
    """What some changed traces, and pairs that share a message, have to tell each other.

    `known` are the rows as loaded, `dirty` the traces that were told something new, and `onward`
    those of them that therefore have something new to tell.
    """

    def __init__(self, changed: Collection[bytes], pairs: Collection[Pair]) -> None:
        ids = set(changed).union(*pairs)
        for trace_id, stored in read_traces(changed).items():
            ids |= neighbours(trace_id, stored.trace)
        self.known = load_traces(ids)
        self.dirty: dict[bytes, TraceFacts] = {}
        self.onward: set[bytes] = set()
        self._given: dict[bytes, dict[Tie, Claims]] = {}
        self._truncated: set[bytes] = set()
        self._met: dict[bytes, set[bytes]] = defaultdict(set)
        changed = [trace_id for trace_id in changed if trace_id in self.known]
        for trace_id in changed:
            self._introduce_links(trace_id)
        for one, other in pairs:
            self._introduce_messages(one, other)
        introduced = {trace_id: self._trace(trace_id) for trace_id in self._met.keys() | changed}
        for trace_id, trace in introduced.items():
            self._tell(trace_id, trace, everybody=trace_id in changed)
        self._finish(introduced)

    def _trace(self, trace_id: bytes) -> TraceFacts:
        """A trace as it is now, with all that it has been told."""
        trace = self.known.get(trace_id, NEW).trace
        if (given := self._given.get(trace_id)) is None:
            return trace
        return TraceFacts(trace.facts, trace.truncated or trace_id in self._truncated, dict(given))

    def _introduce_links(self, trace_id: bytes) -> None:
        for one in self.known[trace_id].trace.facts.values():
            for link in one.joins if one.links else ():
                if link.trace_id != trace_id:
                    tie = Tie(How.LINKED, trace_id, link.span_id)
                    self._introduce(link.trace_id, tie, meets=link.trace_id)

    def _introduce_messages(self, one: bytes, other: bytes) -> None:
        if one not in self.known or other not in self.known:
            return
        mine, theirs = (_sides(self.known[trace_id].trace) for trace_id in (one, other))
        for message in mine.keys() & theirs.keys():
            for here, there, sides in ((one, other, theirs), (other, one, mine)):
                for side in sides[message]:
                    how = How.WROTE if side == Side.PRODUCES else How.READ
                    self._introduce(here, Tie(how, there, b"", message), meets=there)

    def _introduce(self, trace_id: bytes, tie: Tie, *, meets: bytes) -> None:
        """Write down that `trace_id` has a tie; `meets` is who has to tell the other of it."""
        if tie not in self._told(trace_id) and self._give(trace_id, tie, NOTHING_CLAIMED):
            other = tie.other if meets == trace_id else trace_id
            self._met[meets].add(other)

    def _told(self, trace_id: bytes) -> dict[Tie, Claims]:
        if trace_id not in self._given:
            self._given[trace_id] = dict(self.known.get(trace_id, NEW).trace.given)
        return self._given[trace_id]

    def _give(self, trace_id: bytes, tie: Tie, said: Claims) -> bool:
        told = self._told(trace_id)
        if tie not in told and len(told) >= MOST_TIES:
            self._truncated.add(trace_id)
            return False
        told[tie] = said
        return True

    def _tell(self, trace_id: bytes, trace: TraceFacts, *, everybody: bool) -> None:
        for other, claims in telling(trace_id, trace).items():
            # A neighbour that is neither here nor about to get a row has expired, or meets this
            # one on an errand of its own.
            here = other in self.known or other in self._given
            if here and (everybody or other in self._met[trace_id]):
                for tie, said in claims.items():
                    if self._told(other).get(tie, NOTHING_CLAIMED) != said:
                        self._give(other, tie, said)

    def _finish(self, introduced: dict[bytes, TraceFacts]) -> None:
        for trace_id in sorted(self._given):
            before = self.known.get(trace_id, NEW).trace
            after = self._trace(trace_id)
            if after == before and trace_id in self.known:
                continue
            self.dirty[trace_id] = after
            told = introduced.get(trace_id, before)
            if after != told and telling(trace_id, after) != telling(trace_id, told):
                self.onward.add(trace_id)


def _sides(trace: TraceFacts) -> dict[Message, set[int]]:
    found: dict[Message, set[int]] = defaultdict(set)
    for one in trace.facts.values():
        if one.side:
            for message in one.messages:
                found[message].add(one.side)
    return found
