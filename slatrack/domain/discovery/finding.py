"""Finding: from a sample of spans that belong to no event yet to proposed flows.

Pure: the same spans give the same proposals. What it costs grows with spans times likely keys.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from slatrack.domain.discovery.causes import Sample
from slatrack.domain.discovery.describing import describe
from slatrack.domain.discovery.events import Event, Steps, events
from slatrack.domain.discovery.keys import Key, keys
from slatrack.domain.discovery.places import Place
from slatrack.domain.discovery.proposals import Findings, LeftOut, Proposal
from slatrack.domain.discovery.reasons import reasons
from slatrack.domain.discovery.ways import FEWEST, Way, alike, way
from slatrack.domain.flows import KeyKind, KeySource
from slatrack.domain.spans import Kind, Span

MOST_KEYS = 20
MOST_PROPOSALS = 12
MOST_LEFT_OUT = 20
MOST_OTHERS = 4
KNOWN = "a step of a flow in force, but nothing tells of which event"
CLAIMED = 0.5  # share of a way's spans that another proposal explains already


def find(spans: Iterable[Span], *, known: Collection[Place] = ()) -> Findings:
    """Return the flows that `spans` suggest. Spans must be decoded with all their attributes.

    `known` are places that are steps of flows in force: without a key of its own, what happens
    there is no other flow.
    """
    sample = Sample(spans)
    if not sample.spans:
        return Findings((), (), 0)
    finder = _Finder(sample, known)
    for key in keys(sample)[:MOST_KEYS]:
        finder.consider(key)
    for key in _without_business_key(sample, finder.claimed):
        finder.consider(key)
    proposals = sorted(finder.proposals(), key=_rank)[:MOST_PROPOSALS]
    return Findings(
        tuple(proposals),
        tuple(_left_out(sample, finder.claimed, known)),
        sum(1 for place in sample.places if place is None),
    )


def _rank(one: Proposal) -> tuple[bool, bool, int, str]:
    return one.key.weak, one.reads, -one.events * len(one.steps), one.ident


class _Finder:
    def __init__(self, sample: Sample, known: Collection[Place]) -> None:
        self.sample = sample
        self.known = frozenset(known)
        self.steps = Steps(sample)
        self.since = min(span.start for span in sample.spans)
        self.until = max(span.end for span in sample.spans)
        self.claimed: set[int] = set()
        self._found: list[tuple[Key, Way, list[Key]]] = []

    def consider(self, key: Key) -> None:
        """Take `key` for the events that no likelier one explains; note it for the others."""
        for group in alike(events(key, self.steps)):
            numbers = {number for event in group for number in event.numbers}
            if len(numbers & self.claimed) > CLAIMED * len(numbers):
                self._note(key, group)
                continue
            found = way(group, since=self.since, until=self.until)
            if self._is_flow(found) and not (key.weak and self._is_fragment(found)):
                self.claimed |= numbers
                self._found.append((key, found, []))

    def _is_flow(self, found: Way) -> bool:
        services = {place.service for place in found.steps}
        hands_on = any(place.topic for place in found.steps)
        enough = len(found.whole) >= FEWEST and len(found.steps) > 1
        return enough and (hands_on or len(services) > 1)

    def _is_fragment(self, found: Way) -> bool:
        """Whether its steps are those of flows or other ways: events of which much is missing."""
        ways = {place for _, other, _ in self._found for place in other.steps}
        return len((ways | self.known).intersection(found.steps)) >= CLAIMED * len(found.steps)

    def _note(self, key: Key, group: Collection[Event]) -> None:
        places = Counter(place for event in group for place in event.places)
        best = max(
            self._found,
            key=lambda one: sum(places[place] for place in one[1].steps),
            default=None,
        )
        if best and not key.weak and key not in best[2]:
            best[2].append(key)

    def proposals(self) -> Iterator[Proposal]:
        for key, found, others in self._found:
            why = reasons(key, found, self.sample)
            also = [reasons(other, found, self.sample) for other in others]
            good = tuple(one for one in also if one.steps > 1)[:MOST_OTHERS]
            yield describe(why, good, found, key, self.sample)


def _without_business_key(sample: Sample, claimed: Collection[int]) -> list[Key]:
    """Keys for messages of which no attribute names the event: where the first message stands."""
    first: Counter[str] = Counter()
    for number, place in enumerate(sample.places):
        if place and place.topic and number not in claimed and not _sent_before(sample, number):
            first[place.topic] += 1
    topics = [topic for topic, count in first.most_common(MOST_KEYS) if count >= FEWEST]
    by_message = [_weak(sample, KeySource(KeyKind.MESSAGE, topic), claimed) for topic in topics]
    by_trace = _weak(sample, KeySource(KeyKind.TRACE), claimed, only=_traces(sample, claimed))
    return [key for key in (*by_message, by_trace) if len(key.values) >= FEWEST]


def _sent_before(sample: Sample, number: int) -> bool:
    return any(sample.spans[cause].kind == Kind.PRODUCER for cause in sample.before[number])


def _traces(sample: Sample, claimed: Collection[int]) -> set[bytes]:
    """The traces in which messages are handed on that no proposal has yet."""
    return {
        sample.spans[number].trace_id
        for number, place in enumerate(sample.places)
        if place and place.topic and number not in claimed
    }


def _weak(
    sample: Sample,
    source: KeySource,
    claimed: Collection[int],
    *,
    only: Collection[bytes] | None = None,
) -> Key:
    values = {
        number: frozenset(found)
        for number, span in enumerate(sample.spans)
        if number not in claimed
        and (only is None or span.trace_id in only)
        and (found := source.find(span))
    }
    return Key((source,), values, unique=1.0, steady=None, looks=1.0, weak=True)


def _left_out(
    sample: Sample, claimed: Collection[int], known: Collection[Place]
) -> Iterator[LeftOut]:
    """Say of the commonest other places why no flow was made of them."""
    rest: Counter[Place] = Counter()
    alone: Counter[Place] = Counter()
    for number, place in enumerate(sample.places):
        if place and number not in claimed:
            rest[place] += 1
            alone[place] += not _has_company(sample, number)
    for place, count in rest.most_common(MOST_LEFT_OUT):
        why = KNOWN if place in known else _why(place, count, alone[place])
        yield LeftOut(_label(place), count, why)


def _has_company(sample: Sample, number: int) -> bool:
    near: Sequence[int] = (*sample.before[number], *sample.after[number])
    return any(sample.places[one] is not None for one in near)


def _label(place: Place) -> str:
    return f"{place.service}: {place.what}" if place.what else place.service


def _why(place: Place, count: int, alone: int) -> str:
    if count < FEWEST:
        return f"seen fewer than {FEWEST} times"
    if alone == count and not place.topic:
        return "one place alone: nothing is handed on, as in a health check or a query"
    if place.topic:
        return "no key, link or offset tells what became of its messages"
    return "no key tells its events apart, and no message is handed on"


__all__ = ["Findings", "find"]
