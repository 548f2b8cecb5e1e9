"""Trees: one trace as one flow sees it, who is whose nearest keyed relative.

Every answer depends on the set of facts alone. Parents may be missing, or form a ring: an id is
the sender's word.
"""

from collections import defaultdict
from collections.abc import Mapping

from slatrack.domain.facts import Fact
from slatrack.domain.spans import Kind

_MESSAGING = (Kind.PRODUCER, Kind.CONSUMER)


class Tree:
    """The spans of a trace with the keys of one flow.

    `unsure` holds the spans that belong to an event only as long as no other turns up; `truncated`
    tells that some spans were given no owners, because more than `most_shared` were to be noted.
    """

    def __init__(self, facts: Mapping[bytes, Fact], flow: str, *, most_shared: int) -> None:
        self.facts = facts
        self.own = {
            span_id: tuple(sorted(key for name, key in one.keys if name == flow))
            if one.keys
            else ()
            for span_id, one in facts.items()
        }
        self.unsure: set[bytes] = set()
        self.truncated = False
        self._left = most_shared
        self._order = self._parents_first()

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
        if len(owners) == len(self.facts):
            return owners
        below = self._from_below(owners)
        for span_id in self._order:
            if span_id in owners:
                continue
            if found := below.get(span_id):
                owners[span_id] = tuple(sorted(found))
            elif beside := self._beside(span_id, owners):
                owners[span_id] = beside
        return owners

    def _from_above(self) -> dict[bytes, tuple[str, ...]]:
        """Own keys, else those of the nearest keyed ancestor."""
        owners: dict[bytes, tuple[str, ...]] = {}
        for span_id in self._order:
            if keys := self.own[span_id] or owners.get(self.facts[span_id].parent_id):
                owners[span_id] = keys
        return owners

    def _from_below(self, owners: Mapping[bytes, tuple[str, ...]]) -> dict[bytes, set[str]]:
        """For spans with no keyed ancestor: the keys of their nearest keyed descendants."""
        below: dict[bytes, set[str]] = defaultdict(set)
        for span_id in reversed(self._order):
            parent = self.facts[span_id].parent_id
            found = owners.get(span_id) or below.get(span_id)
            if not found or parent not in self.facts or parent in owners:
                continue
            self._left -= len(found)
            if self._left < 0:
                self.truncated = True
            else:
                below[parent].update(found)
        return below

    def _beside(self, span_id: bytes, owners: Mapping[bytes, tuple[str, ...]]) -> tuple[str, ...]:
        """For a span beside the keyed ones: what its parent belongs to, if no message parts them.

        Work that one request does for all its events is shared by them; a message is one event's.
        """
        one = self.facts[span_id]
        above = owners.get(one.parent_id, ())
        if one.parent_id in self.unsure or (above and one.kind in _MESSAGING):
            self.unsure.add(span_id)
            return above if len(above) == 1 else ()
        return above
