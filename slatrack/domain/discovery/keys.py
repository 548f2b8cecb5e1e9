"""Keys: where in a sample of spans the key of an event may be found, and why that is likely.

An event key stays the same from cause to effect, and no two events have it in common.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations

from slatrack.domain.discovery.causes import MOST, Sample
from slatrack.domain.discovery.identifiers import HEADER, looks, may_be_key
from slatrack.domain.discovery.places import Place, template
from slatrack.domain.flows import MESSAGE_KEY, KeyKind, KeySource
from slatrack.domain.spans import Span

FEWEST = 5  # different values
UNIQUE, STEADY, LIKELY = 0.6, 0.8, 0.3  # below that something is no key
SAME = 0.5  # share of common values of two sources of one key
CANDIDATES = 60  # that are looked at closely
GLOB = frozenset("*?[]")


@dataclass(frozen=True)
class Candidate:
    """One place where a key may be found, with the values by number of span."""

    source: KeySource
    values: Mapping[int, frozenset[str]]
    unique: float  # different values for each span of a place
    looks: float
    places: int

    @cached_property
    def distinct(self) -> frozenset[str]:
        """The different values."""
        return frozenset().union(*self.values.values())

    def steady(self, sample: Sample) -> float | None:
        """Return how often the value is that of the cause; None where no cause has any."""
        found = sample.downwards(self.values)
        pairs = same = 0
        for number, own in self.values.items():
            above = frozenset().union(*(found[cause] for cause in sample.before[number]))
            if above:
                pairs += 1
                same += not own.isdisjoint(above)
        return same / pairs if pairs else None


@dataclass(frozen=True)
class Key:
    """Sources of one key, the best first, with the values by number of span."""

    sources: tuple[KeySource, ...]
    values: Mapping[int, frozenset[str]]
    unique: float
    steady: float | None
    looks: float
    places: int = 1  # at which it is carried
    weak: bool = False  # no value of the business: a message's place, a trace

    @cached_property
    def score(self) -> float:
        """How likely this is an event's key."""
        steady = 0.9 if self.steady is None else self.steady
        spread = self.places / (self.places + 1)
        return (0.1 if self.weak else 1.0) * self.unique * steady * self.looks * spread

    def values_of(self, source: KeySource, sample: Sample) -> dict[int, tuple[str, ...]]:
        """Return what one source says, by number of span."""
        found = ((number, source.find(sample.spans[number])) for number in self.values)
        return {number: keys for number, keys in found if keys}


def keys(sample: Sample) -> list[Key]:
    """Return the keys that events of the sample may have, the likeliest first."""
    likely = sorted(candidates(sample), key=lambda c: (-c.looks * c.unique, c.source.name))
    steady = [(c, c.steady(sample)) for c in likely[:CANDIDATES]]
    kept = [(c, found) for c, found in steady if found is None or found >= STEADY]
    return sorted((_key(group) for group in _families(kept)), key=lambda key: -key.score)


def candidates(sample: Sample) -> list[Candidate]:
    """Return all sources whose values are as many and as unlike as those of events."""
    found: dict[KeySource, dict[int, frozenset[str]]] = defaultdict(dict)
    for number, span in enumerate(sample.spans):
        for source in _sources(span):
            if values := source.find(span)[:MOST]:
                found[source][number] = frozenset(values)
    made = (_candidate(source, values, sample) for source, values in found.items())
    return [one for one in made if one is not None]


def _sources(span: Span) -> Iterable[KeySource]:
    for name, value in span.attributes.items():
        if name == MESSAGE_KEY:
            if span.topic and not GLOB & set(span.topic):
                yield KeySource(KeyKind.MESSAGE_KEY, span.topic)
        elif not isinstance(value, bool | float) and (source := _attribute(name)):
            yield source


@lru_cache(maxsize=1_000)
def _attribute(name: str) -> KeySource | None:
    if not may_be_key(name):
        return None
    if name.startswith(HEADER):
        return KeySource(KeyKind.HEADER, name.removeprefix(HEADER))
    return KeySource(KeyKind.ATTRIBUTE, name)


def _candidate(
    source: KeySource, values: Mapping[int, frozenset[str]], sample: Sample
) -> Candidate | None:
    if len(values) < FEWEST:
        return None
    where: dict[tuple[str, ...] | Place, list[frozenset[str]]] = defaultdict(list)
    for number, own in values.items():
        span = sample.spans[number]
        where[sample.places[number] or (span.service, template(span.name))].append(own)
    said = sum(len(own) for found in where.values() for own in found)
    distinct = sum(len(frozenset().union(*found)) for found in where.values())
    all_values = frozenset().union(*values.values())
    likely = looks(source.name if source.kind is not KeyKind.MESSAGE_KEY else "", all_values)
    one = Candidate(source, values, distinct / said, likely, len(where))
    good = len(all_values) >= FEWEST and one.unique >= UNIQUE and likely >= LIKELY
    return one if good else None


def _families(
    found: Sequence[tuple[Candidate, float | None]],
) -> list[list[tuple[Candidate, float | None]]]:
    """Put sources together that say the same of the same events."""
    told_by: dict[str, list[int]] = defaultdict(list)
    for number, (one, _) in enumerate(found):
        for value in one.distinct:
            told_by[value].append(number)
    common = Counter(pair for told in told_by.values() for pair in combinations(told, 2))
    family = list(range(len(found)))
    for (first, second), count in common.items():
        a, b = found[first][0], found[second][0]
        if count >= SAME * min(len(a.distinct), len(b.distinct)) and _agree(a, b):
            old, new = family[second], family[first]
            family = [new if one == old else one for one in family]
    return [
        [one for number, one in enumerate(found) if family[number] == name]
        for name in dict.fromkeys(family)
    ]


def _agree(a: Candidate, b: Candidate) -> bool:
    """Whether equal values mean the same event: short numbers are equal by chance."""
    both = a.values.keys() & b.values.keys()
    if both:
        return sum(1 for n in both if a.values[n] & b.values[n]) >= STEADY * len(both)
    return all(len(v) > 5 or not v.isdigit() for v in list(a.distinct)[:50])


_FIRST = (KeyKind.ATTRIBUTE, KeyKind.HEADER, KeyKind.MESSAGE_KEY)


def _key(group: Sequence[tuple[Candidate, float | None]]) -> Key:
    best = sorted(
        group,
        key=lambda one: (
            _FIRST.index(one[0].source.kind),
            -len(one[0].values) * one[0].looks,
            one[0].source.name,
        ),
    )
    values: dict[int, frozenset[str]] = {}
    for one, _ in reversed(best):
        values |= one.values
    steady = [found for _, found in group if found is not None]
    return Key(
        sources=tuple(one.source for one, _ in best),
        values=values,
        unique=max(one.unique for one, _ in group),
        steady=max(steady) if steady else None,
        looks=max(one.looks for one, _ in group),
        places=max(one.places for one, _ in group),
    )
