"""The graph of one trace: who is above whom by parent, link or message, and what others tell.

Built once for all flows. Ids and coordinates are the senders' word: rings end, crowds are bounded.
"""

from collections import defaultdict
from collections.abc import Mapping
from enum import StrEnum

from slatrack.domain.claims import Claims, How
from slatrack.domain.edges import Message, Side
from slatrack.domain.facts import Fact, TraceFacts
from slatrack.domain.spans import Kind

MOST_WRITERS = 4  # of one message: it is written once


class BoundBy(StrEnum):
    """Why a span belongs to a journey, the strongest reason first."""

    KEY = "key"
    ANCESTRY = "ancestry"
    LINK = "link"
    MESSAGE = "message"
    MESSAGE_KEY = "message key"
    TRACE = "trace"


Told = list[tuple[BoundBy, Claims]]


class Graph:
    """The edges of a trace.

    `uppers` names for a reader of messages the spans here that wrote them, but for its parent.
    `from_writers`, `from_readers` and `from_below` are what other traces claim at a span; `unseen`
    what they claim of spans of this trace that never came. A span that is `cut` is not its
    parent's: it reads one message of a batch that its parent received.
    """

    def __init__(self, trace: TraceFacts) -> None:
        self.facts: Mapping[bytes, Fact] = trace.facts
        self.uppers: dict[bytes, list[tuple[bytes, BoundBy]]] = defaultdict(list)
        self.linking: dict[tuple[bytes, bytes], list[bytes]] = defaultdict(list)
        self.writers: dict[Message, list[bytes]] = defaultdict(list)
        self.readers: dict[Message, list[bytes]] = defaultdict(list)
        self.from_writers: dict[bytes, Told] = defaultdict(list)
        self.from_readers: dict[bytes, Told] = defaultdict(list)
        self.from_below: dict[bytes, Told] = defaultdict(list)
        self.unseen: Told = []
        self.cut: set[bytes] = set()
        for span_id, one in sorted(self.facts.items()):
            self._add(span_id, one)
        self._join_messages()
        for tie, claims in sorted(trace.given.items()):
            self._tell(tie.how, tie.other, tie.span_id, tie.message, claims)
        self.order = self._uppers_first()
        self.joined = self._joined()

    def _add(self, span_id: bytes, one: Fact) -> None:
        for message in one.messages:
            sides = self.writers if one.side == Side.PRODUCES else self.readers
            sides[message].append(span_id)
        joins = one.joins
        for link in joins:
            self.linking[link.trace_id, link.span_id].append(span_id)
            if link.span_id in self.facts and link.span_id != span_id:
                self.uppers[span_id].append((link.span_id, BoundBy.LINK))
        if joins and len(joins) == len(one.links) and self._receives(one.parent_id):
            self.cut.add(span_id)

    def _receives(self, span_id: bytes) -> bool:
        one = self.facts.get(span_id)
        return one is not None and (one.kind == Kind.CONSUMER or one.side == Side.CONSUMES)

    def _join_messages(self) -> None:
        for message, readers in self.readers.items():
            for writer in self.writers.get(message, ())[:MOST_WRITERS]:
                for reader in readers:
                    if writer not in (reader, self.facts[reader].parent_id):
                        self.uppers[reader].append((writer, BoundBy.MESSAGE))

    def _tell(
        self, how: How, other: bytes, span_id: bytes, message: Message | None, claims: Claims
    ) -> None:
        match how:
            case How.LINKS:
                for linking in self.linking.get((other, span_id), ()):
                    self.from_writers[linking].append((BoundBy.LINK, claims))
            case How.LINKED:
                here = self.from_below[span_id] if span_id in self.facts else self.unseen
                here.append((BoundBy.LINK, claims))
            case How.WROTE if message is not None:
                for reader in self.readers.get(message, ()):
                    self.from_writers[reader].append((BoundBy.MESSAGE, claims))
            case How.READ if message is not None:
                for writer in self.writers.get(message, ()):
                    self.from_below[writer].append((BoundBy.MESSAGE, claims))
                for reader in self.readers.get(message, ()):
                    self.from_readers[reader].append((BoundBy.MESSAGE, claims))

    def _uppers_first(self) -> list[bytes]:
        """All spans, each after those above it; a ring is broken at its smallest id."""
        entered: set[bytes] = set()
        left: set[bytes] = set()
        order: list[bytes] = []
        for first in sorted(self.facts):
            stack = [first]
            while stack:
                at = stack[-1]
                if at not in entered:
                    entered.add(at)
                    stack += [one for one in self._above(at) if one not in entered]
                    continue
                stack.pop()
                if at not in left:
                    left.add(at)
                    order.append(at)
        return order

    def _above(self, span_id: bytes) -> list[bytes]:
        parent = self.facts[span_id].parent_id
        found = [upper for upper, _ in self.uppers.get(span_id, ())]
        return [parent, *found] if parent in self.facts else found

    def _joined(self) -> set[bytes]:
        """The spans that continue something else than this trace, and all below them."""
        found: set[bytes] = set()
        for span_id in self.order:
            one = self.facts[span_id]
            if one.parent_id in found or (one.links and one.joins):
                found.add(span_id)
        return found

    def edges(self, span_id: bytes) -> int:
        """How many messages a span reads, as far as is known."""
        one = self.facts[span_id]
        return max(len(one.joins), len(one.messages))
