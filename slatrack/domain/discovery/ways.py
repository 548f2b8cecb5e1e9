"""Ways: events that go alike, the steps of their way and in which order these follow."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from slatrack.domain.discovery.events import Event
from slatrack.domain.discovery.places import Place

ALIKE = 0.5  # common places of two ways, of all their places
OFTEN = 0.2  # share of events in which a place must be to be a step
AFTER = 0.3  # share of events in which one step must follow another
FEWEST = 5  # events
SLACK = 1.5  # times the time that 95 % take, until an event is no longer on its way


def alike(events: Iterable[Event]) -> list[list[Event]]:
    """Return the events that go alike, the most common ways first."""
    left = list(events)
    found: list[list[Event]] = []
    while len(left) >= FEWEST:
        common = Counter(event.places for event in left if len(event.places) > 1)
        if not common:
            break
        main = min(common, key=lambda places: (-common[places] * len(places), sorted(places)))
        near = {places: _near(places, main) for places in {event.places for event in left}}
        found.append([event for event in left if near[event.places]])
        left = [event for event in left if not near[event.places]]
    return [group for group in found if len(group) >= FEWEST]


def _near(places: frozenset[Place], main: frozenset[Place]) -> bool:
    common = len(places & main)
    return common == len(places) or common >= ALIKE * len(places | main)


@dataclass(frozen=True)
class Way:
    """The way of events that go alike: those seen whole; `open` were cut off by the sample's ends.

    `steps` are its places in order, `after` tells which follow which.
    """

    whole: Sequence[Event]
    open: Sequence[Event]

    @cached_property
    def counts(self) -> Counter[Place]:
        """In how many events each place is."""
        return Counter(place for event in self.whole for place in event.visits)

    @cached_property
    def _before(self) -> Mapping[Place, Counter[Place]]:
        found: dict[Place, Counter[Place]] = defaultdict(Counter)
        for event in self.whole:
            for place, visit in event.visits.items():
                found[place].update(visit.before)
        return found

    @cached_property
    def _usual(self) -> frozenset[Place]:
        fewest = OFTEN * len(self.whole)
        return frozenset(place for place, count in self.counts.items() if count >= fewest)

    @cached_property
    def _usual_before(self) -> dict[Place, frozenset[Place]]:
        return {
            place: frozenset(
                before
                for before, count in self._before[place].items()
                if before in self._usual and count >= AFTER * self.counts[place]
            )
            for place in self._usual
        }

    @cached_property
    def folded(self) -> frozenset[Place]:
        """Places that another one speaks for: sending what is taken next, calling what answers."""
        return frozenset(place for place in self._usual if self._is_folded(place))

    def _is_folded(self, place: Place) -> bool:
        next_ones = [one for one, before in self._usual_before.items() if place in before]
        before = self._usual_before[place]
        if place.kind == "client" and not place.topic:
            later = [one for one in self._usual if one.service == place.service and one != place]
            at = self._offset(place)
            return bool(next_ones) or any(self._offset(one) > at for one in later)
        if not place.sends or not any(one.takes and one.topic == place.topic for one in next_ones):
            return False
        received = any(self._is_entry(one) for one in before)
        return any(one.service == place.service for one in before) and not received

    def _is_entry(self, place: Place) -> bool:
        """Whether events come in there: nothing is before it but calls from outside."""
        outside = (before.kind == "client" for before in self._usual_before[place])
        return not place.takes and all(outside)

    @cached_property
    def after(self) -> dict[Place, frozenset[Place]]:
        """Which steps each step follows; a ring is broken where the later one would come first."""
        found = {place: self._shown_before(place) for place in self._usual - self.folded}
        try:
            TopologicalSorter(found).prepare()
        except CycleError:
            at = {place: (self._offset(place), place) for place in found}
            found = {p: frozenset(b for b in bs if at[b] < at[p]) for p, bs in found.items()}
        return found

    def _shown_before(self, place: Place) -> frozenset[Place]:
        """The nearest steps before a place, through the folded ones."""
        found: set[Place] = set()
        queue, seen = list(self._usual_before[place]), {place}
        while queue:
            one = queue.pop()
            if one in seen:
                continue
            seen.add(one)
            if one in self.folded:
                queue += self._usual_before[one]
            else:
                found.add(one)
        return frozenset(found)

    @cached_property
    def steps(self) -> tuple[Place, ...]:
        """The places of the way, each after those that it follows, else by when they begin."""
        sorter = TopologicalSorter(self.after)
        sorter.prepare()
        order: list[Place] = []
        ready: set[Place] = set()
        while sorter.is_active():
            ready |= set(sorter.get_ready())
            first = min(ready, key=lambda one: (self._offset(one), one))
            ready.remove(first)
            order.append(first)
            sorter.done(first)
        return tuple(order)

    def _offset(self, place: Place) -> int:
        return self._offsets[place]

    @cached_property
    def _offsets(self) -> dict[Place, int]:
        found: dict[Place, list[int]] = defaultdict(list)
        for event in self.whole:
            for place, visit in event.visits.items():
                found[place].append(visit.start - event.start)
        return {place: middle(offsets) for place, offsets in found.items()}

    def ends(self) -> frozenset[Place]:
        """The steps that nothing follows, calls that the caller goes on from left out."""
        followed = {before for befores in self.after.values() for before in befores}
        return frozenset(one for one in self.steps if one not in followed and not self._called(one))

    def _called(self, place: Place) -> bool:
        if place.topic or not self.after[place]:
            return False
        return any(
            other != place and befores & self.after[place]
            for other, befores in self.after.items()
            if self._offset(other) > self._offset(place) or other.topic
        )


def way(events: Collection[Event], *, since: int, until: int) -> Way:
    """Return the way of events that go alike, in a sample of spans from `since` to `until`.

    An event that has not been to the usual end, and began so late that it may still get there, is
    open; so is one without the usual start that began too early for all of it to be seen.
    """
    main = Counter(event.places for event in events).most_common(1)[0][0]
    usual = [event for event in events if event.places >= main]
    first = Counter(min(e.visits, key=lambda p: (e.visits[p].start, p)) for e in usual)
    last = Counter(max(e.visits, key=lambda p: (e.visits[p].start, p)) for e in usual)
    [(start, _)], [(end, _)] = first.most_common(1), last.most_common(1)
    takes = SLACK * high(sorted(event.end - event.start for event in usual), 0.95)
    whole: list[Event] = []
    cut: list[Event] = []
    for event in events:
        young = end not in event.visits and event.start + takes > until
        old = start not in event.visits and event.start < since + takes
        (cut if young or old else whole).append(event)
    return Way(whole or list(events), cut if whole else [])


def middle(lengths: Iterable[int]) -> int:
    """Return the median."""
    return high(sorted(lengths), 0.5)


def high(ordered: Sequence[int], share: float) -> int:
    """Return the value below which a share of the ordered ones is."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
