"""Events: what a key says the events of a sample are, and the places that each passed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from slatrack.domain.discovery.causes import Sample
from slatrack.domain.discovery.keys import Key
from slatrack.domain.discovery.places import Place
from slatrack.domain.spans import Span

MOST_SPANS = 1_000  # of one event: more is no event's


@dataclass(frozen=True, slots=True)
class Visit:
    """One place in one event: its first span's start, its last one's end, where it came from."""

    start: int
    end: int
    before: frozenset[Place]
    caused: bool  # by what came before, as spans say; only later than it otherwise


@dataclass(frozen=True)
class Event:
    """One event of a sample. `numbers` are those of the spans that are signs of places."""

    key: str
    visits: Mapping[Place, Visit]
    numbers: tuple[int, ...]
    traces: int

    @cached_property
    def places(self) -> frozenset[Place]:
        """Where it has been."""
        return frozenset(self.visits)

    @cached_property
    def start(self) -> int:
        """Its first sign, in ns since 1970."""
        return min(visit.start for visit in self.visits.values())

    @cached_property
    def end(self) -> int:
        """Its last sign, in ns since 1970."""
        return max(visit.end for visit in self.visits.values())


class Steps:
    """The nearest places before each span of a sample, worked out once for all keys."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        signs = {n: frozenset((n,)) for n, place in enumerate(sample.places) if place}
        nearest = sample.downwards(signs)
        self.before = [
            frozenset().union(*(nearest[cause] for cause in causes)) for causes in sample.before
        ]


def events(key: Key, steps: Steps) -> Iterator[Event]:
    """Yield the events that `key` tells apart, in order of their keys."""
    sample = steps.sample
    spans: dict[str, list[int]] = defaultdict(list)
    for number, owners in enumerate(_owners(key, sample)):
        if owners and sample.places[number] is not None:
            for owner in owners:
                spans[owner].append(number)
    for owner in sorted(spans):
        if len(spans[owner]) <= MOST_SPANS:
            yield _event(owner, spans[owner], steps)


def _owners(key: Key, sample: Sample) -> Sequence[frozenset[str]]:
    """Whose each span is: its own key's, else the nearest cause's, else the nearest effect's."""
    none: frozenset[str] = frozenset()
    owners = sample.upwards(sample.downwards(key.values))
    for number in sample.order:
        if not owners[number]:
            beside = none.union(*(owners[cause] for cause in sample.before[number]))
            owners[number] = beside if len(beside) == 1 else none
    return owners


def _event(key: str, numbers: Sequence[int], steps: Steps) -> Event:
    sample, own = steps.sample, frozenset(numbers)
    at: dict[Place, list[int]] = defaultdict(list)
    for number in numbers:
        place = sample.places[number]
        if place is not None:
            at[place].append(number)
    visits: dict[Place, Visit] = {}
    for place in sorted(at, key=lambda one: sample.spans[at[one][0]].start):
        causes = {
            found
            for number in at[place]
            for cause in steps.before[number] & own
            if (found := sample.places[cause]) is not None and found != place
        }
        visits[place] = _visit([sample.spans[n] for n in at[place]], causes, visits)
    traces = {sample.spans[number].trace_id for number in numbers}
    return Event(key, visits, tuple(numbers), len(traces))


def _visit(spans: Sequence[Span], causes: Iterable[Place], known: Mapping[Place, Visit]) -> Visit:
    found = frozenset(causes)
    start = min(span.start for span in spans)
    end = max(span.end for span in spans)
    if found or not known:
        return Visit(start, end, found, caused=bool(found))
    latest = max(known, key=lambda one: (known[one].start, one))
    return Visit(start, end, frozenset((latest,)), caused=False)
