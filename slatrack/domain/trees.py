"""Trees: one trace as one flow sees it, who is whose nearest keyed relative.

A span belongs to the events that it names; else to those *above* it: of the writers of the messages
that it reads, else of its parent, else of others that read the same message; else to those *below*
it; else to those *beside* it, which its parent or its message belongs to. What other traces claim
counts like what is here. Every answer depends on the set of facts and claims alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from slatrack.domain.claims import Claims, Events
from slatrack.domain.edges import Side
from slatrack.domain.facts import Fact
from slatrack.domain.graph import BoundBy, Graph, Told
from slatrack.domain.spans import Kind

_MESSAGING = (Kind.PRODUCER, Kind.CONSUMER)

Keys = tuple[str, ...]


class Tree:
    """The spans of a trace with the events of one flow: `owners` by span id, sorted, and `by` what.

    `unsure` holds the spans that belong to an event only as long as no other turns up; `truncated`
    tells that some spans were given no owners, because more than `most_shared` were to be noted.
    """

    def __init__(self, graph: Graph, flow: str, *, most_shared: int) -> None:
        self.graph = graph
        self.flow = flow
        self.facts: Mapping[bytes, Fact] = graph.facts
        self.own = {
            span_id: tuple(sorted(key for name, key in one.keys if name == flow))
            if one.keys
            else ()
            for span_id, one in graph.facts.items()
        }
        self.by: dict[bytes, BoundBy] = {}
        self.unsure: set[bytes] = set()
        self.truncated = False
        self._left = most_shared
        self.from_readers: set[bytes] = set()
        self.above = self._from_above()
        self.owners: dict[bytes, Keys] = dict(self.above)
        self.fallen: dict[bytes, Keys] = {}
        self.below: dict[bytes, set[str]] = {}
        if len(self.above) < len(self.facts):
            self.below = self._from_below()
            self._resolve()

    def of(self, events: Events) -> list[str]:
        """Return the keys among `events` that are of this flow."""
        return [key for flow, key in events if flow == self.flow]

    def _afford(self, count: int) -> bool:
        self._left -= count
        if self._left < 0:
            self.truncated = True
        return self._left >= 0

    def _from_above(self) -> dict[bytes, Keys]:
        """Own keys, else those of the messages read, else the parent's, else other readers'."""
        above: dict[bytes, Keys] = {}
        graph = self.graph
        for span_id in graph.order:
            one = self.facts[span_id]
            if keys := self.own[span_id]:
                by = BoundBy.MESSAGE_KEY if self.flow in one.by_message_key else BoundBy.KEY
            elif found := self._over_edges(span_id, above):
                keys, by = found
            elif span_id not in graph.cut and (keys := above.get(one.parent_id, ())):
                by = BoundBy.ANCESTRY
            elif keys := self._claimed(graph.from_readers.get(span_id, ())):
                by = BoundBy.MESSAGE
                self.from_readers.add(span_id)
            else:
                continue
            above[span_id], self.by[span_id] = keys, by
        return above

    def _over_edges(
        self, span_id: bytes, above: Mapping[bytes, Keys]
    ) -> tuple[Keys, BoundBy] | None:
        uppers = self.graph.uppers.get(span_id, ())
        told = self.graph.from_writers.get(span_id, ())
        if not uppers and not told:
            return None
        found: dict[BoundBy, set[str]] = {BoundBy.LINK: set(), BoundBy.MESSAGE: set()}
        for upper, by in uppers:
            found[by].update(above.get(upper, ()))
        for by, claims in told:
            found[by].update(self.of(claims.above))
        by = BoundBy.LINK if found[BoundBy.LINK] else BoundBy.MESSAGE
        keys = found[BoundBy.LINK] | found[BoundBy.MESSAGE]
        one = self.facts[span_id]
        if keys and not one.meaning and len(one.joins) < len(one.links):
            keys.update(above.get(one.parent_id, ()))  # its parent wrote one of the messages
        if not keys or not self._afford(len(keys)):
            return None
        return tuple(sorted(keys)), by

    def _claimed(self, told: Iterable[tuple[BoundBy, Claims]]) -> Keys:
        keys = {key for _, claims in told for key in self.of(claims.above)}
        return tuple(sorted(keys)) if keys and self._afford(len(keys)) else ()

    def _from_below(self) -> dict[bytes, set[str]]:
        """For spans with nothing above: the keys of their nearest keyed descendants and readers."""
        below: dict[bytes, set[str]] = defaultdict(set)
        for span_id in reversed(self.graph.order):
            if span_id not in self.above:
                self._hear(span_id, self.graph.from_below.get(span_id, ()), below)
                self._hear(span_id, self.graph.from_readers.get(span_id, ()), below)
            found = self.above.get(span_id) or below.get(span_id)
            if not found:
                continue
            parent = self.facts[span_id].parent_id
            if parent in self.facts:
                self._hand_up(parent, found, BoundBy.ANCESTRY, below)
            for upper, by in self.graph.uppers.get(span_id, ()):
                self._hand_up(upper, self.upward(span_id, below), by, below)
        return below

    def _hear(self, span_id: bytes, told: Told | tuple[()], below: dict[bytes, set[str]]) -> None:
        for by, claims in told:
            self._hand_up(span_id, self.of(claims.below), by, below)

    def _hand_up(
        self,
        span_id: bytes,
        keys: Sequence[str] | set[str],
        by: BoundBy,
        below: dict[bytes, set[str]],
    ) -> None:
        if not keys or span_id in self.above or not self._afford(len(keys)):
            return
        below[span_id].update(keys)
        self.by[span_id] = min(by, self.by.get(span_id, by), key=_STRENGTH.index)

    def upward(self, span_id: bytes, below: Mapping[bytes, set[str]]) -> Keys:
        """What a reader tells the writers of its messages: not what it has from them.

        Of a batch that is several events' nobody knows which message is whose.
        """
        keys = self.own[span_id]
        if not keys and (self.by.get(span_id) is BoundBy.ANCESTRY or span_id in self.from_readers):
            keys = self.above.get(span_id, ())
        keys = keys or tuple(sorted(below.get(span_id, ())))
        return keys if len(keys) <= 1 or self.graph.edges(span_id) <= 1 else ()

    def _resolve(self) -> None:
        for span_id in self.graph.order:
            if span_id in self.owners:
                continue
            if found := self.below.get(span_id):
                self.owners[span_id] = tuple(sorted(found))
            elif beside := self._beside_message(span_id) or self._beside(span_id):
                self.owners[span_id] = beside
        self._fall_back()

    def _beside_message(self, span_id: bytes) -> Keys:
        """What the writers of the messages belong to for any other reason; or other readers."""
        sure: dict[str, BoundBy] = {}
        unsure: set[str] = set()
        for upper, by in self.graph.uppers.get(span_id, ()):
            keys = self.owners.get(upper, ())
            if upper in self.unsure or self.facts[upper].side != Side.PRODUCES:
                unsure.update(keys)
            else:
                _note(sure, keys, by)
        for source in (self.graph.from_writers, self.graph.from_readers):
            for by, claims in source.get(span_id, ()):
                _note(sure, self.of(claims.beside), by)
                unsure.update(self.of(claims.unsure))
        if sure and self._afford(len(sure)):
            self.by[span_id] = min(sure.values(), key=_STRENGTH.index)
            return tuple(sorted(sure))
        if not sure and len(unsure) == 1:
            self.unsure.add(span_id)
            return tuple(unsure)
        return ()

    def _beside(self, span_id: bytes) -> Keys:
        """For a span beside the keyed ones: what its parent belongs to, if no message parts them.

        Work that one request does for all its events is shared by them; a message is one event's.
        """
        one = self.facts[span_id]
        if span_id in self.graph.cut:
            return ()
        above = self.owners.get(one.parent_id, ())
        if one.parent_id in self.unsure or (above and one.kind in _MESSAGING):
            self.unsure.add(span_id)
            return above if len(above) == 1 else ()
        if above:
            self.by[span_id] = BoundBy.ANCESTRY
        return above

    def _fall_back(self) -> None:
        """Where no key is found the trace is the event, and what continues it is that event too."""
        keyed = bool(self.owners)
        for span_id in self.graph.order:
            if span_id not in self.owners and (found := self._fallen(span_id, keyed=keyed)):
                self.fallen[span_id], self.by[span_id] = found
        self.owners |= self.fallen

    def _fallen(self, span_id: bytes, *, keyed: bool) -> tuple[Keys, BoundBy] | None:
        one = self.facts[span_id]
        found: dict[str, BoundBy] = {}
        for upper, by in self.graph.uppers.get(span_id, ()):
            _note(found, self.fallen.get(upper, ()), by)
        for source in (self.graph.from_writers, self.graph.from_readers):
            for by, claims in source.get(span_id, ()):
                _note(found, self.of(claims.trace), by)
        if found and self._afford(len(found)):
            return tuple(sorted(found)), min(found.values(), key=_STRENGTH.index)
        own = tuple(key for flow, key in one.instead if flow == self.flow)
        if span_id not in self.graph.cut and (keys := self.fallen.get(one.parent_id)):
            return keys, BoundBy.KEY if keys == own else BoundBy.ANCESTRY
        if own and not keyed and not one.joins:
            return own, BoundBy.KEY
        return None


_STRENGTH = list(BoundBy)


def _note(found: dict[str, BoundBy], keys: Iterable[str], by: BoundBy) -> None:
    """Add keys with the strongest of the reasons for each."""
    for key in keys:
        found[key] = min(by, found.get(key, by), key=_STRENGTH.index)
