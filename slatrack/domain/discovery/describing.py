"""Describing: a way and its key as a proposal, with names, roles, shares and lengths of time."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from slatrack.domain.discovery.causes import Sample
from slatrack.domain.discovery.identifiers import HEADER, TECHNICAL, looks
from slatrack.domain.discovery.keys import Key
from slatrack.domain.discovery.naming import flow_name, step_names, title
from slatrack.domain.discovery.places import METHOD, Place
from slatrack.domain.discovery.proposals import KeyReasons, Lengths, Proposal, ProposedStep, Variant
from slatrack.domain.discovery.reasons import shares
from slatrack.domain.discovery.ways import Way, high
from slatrack.domain.flows import KeyKind, KeySource, Role

REQUIRED = 0.9  # share of events in which a step must be to be demanded of all
MOST_VARIANTS = 6
MOST_ATTRIBUTES = 5
FEW = 30  # different values of an attribute that sorts events
READING = ("GET", "HEAD", "OPTIONS")


def describe(
    why: KeyReasons, others: Sequence[KeyReasons], way: Way, key: Key, sample: Sample
) -> Proposal:
    """Return the proposal that a way and its key make."""
    sources = tuple(_together(key.sources, way, sample))
    steps = tuple(_steps(way, shares(key, way, sample)))
    name = flow_name(way.steps, sources)
    said = "\n".join(map(repr, (*sources, *sorted(way.steps))))
    return Proposal(
        ident=blake2b(said.encode("utf-8", "replace"), digest_size=6).hexdigest(),
        name=name,
        title=title(name),
        key=replace(why, sources=sources),
        others=tuple(others),
        steps=steps,
        variants=tuple(_variants(way, {step.place: step.name for step in steps})),
        events=len(way.whole),
        open=len(way.open),
        traces=sum(event.traces for event in way.whole),
        whole=lengths(event.end - event.start for event in way.whole),
        attributes=tuple(_attributes(way, sample)),
        reads=_reads(way.steps),
    )


def _together(sources: Iterable[KeySource], way: Way, sample: Sample) -> Iterator[KeySource]:
    """Yield the sources that the way needs; message keys of topics that begin alike are one."""
    topics = {place.topic for place in way.counts if place.topic}
    known = {span.topic for span in sample.spans if span.topic}
    globs: dict[str, None] = {}
    for source in sources:
        if source.kind is not KeyKind.MESSAGE_KEY:
            yield source
        elif source.name in topics:
            globs[_glob(source.name, topics, known)] = None
    for glob in globs:
        yield KeySource(KeyKind.MESSAGE_KEY, glob)


def _glob(topic: str, topics: Iterable[str], known: Iterable[str]) -> str:
    start = topic.partition(".")[0] + "."
    own = [one for one in topics if one.startswith(start)]
    alone = all(one in own for one in known if one.startswith(start))
    return f"{start}*" if alone and len(own) > 1 else topic


def _steps(way: Way, keyed: Mapping[Place, float]) -> Iterator[ProposedStep]:
    first = [place for place in way.steps if not way.after[place]]
    names = dict(zip(way.steps, step_names(way.steps, first), strict=True))
    ends = way.ends()
    for place in way.steps:
        share = way.counts[place] / len(way.whole)
        yield ProposedStep(
            name=names[place],
            place=place,
            role=_role(place, first, ends, share),
            after=tuple(names[one] for one in way.steps if one in way.after[place]),
            share=share,
            required=share >= REQUIRED,
            keyed=keyed[place],
            taken=lengths(_taken(way, place)),
        )


def _role(place: Place, first: Sequence[Place], ends: frozenset[Place], share: float) -> Role:
    if place in first:
        return Role.INGRESS
    return Role.SINK if place in ends and share >= REQUIRED else Role.PROCESSING


def _taken(way: Way, place: Place) -> Iterator[int]:
    for event in way.whole:
        visit = event.visits.get(place)
        before = [event.visits[one].start for one in way.after[place] if one in event.visits]
        if visit and before:
            yield max(0, visit.start - max(before))


def lengths(found: Iterable[int]) -> Lengths | None:
    """Return median and percentiles; None of nothing."""
    ordered = sorted(found)
    if not ordered:
        return None
    return Lengths(high(ordered, 0.5), high(ordered, 0.95), high(ordered, 0.99))


def _variants(way: Way, names: Mapping[Place, str]) -> Iterator[Variant]:
    shown = [event.places - way.folded for event in way.whole]
    for places, count in Counter(shown).most_common(MOST_VARIANTS):
        yield Variant(
            events=count,
            share=count / len(shown),
            without=tuple(names[place] for place in way.steps if place not in places),
            besides=tuple(
                sorted(f"{one.service}: {one.what}" for one in places if one not in names)
            ),
        )


def _attributes(way: Way, sample: Sample) -> Iterator[str]:
    """Yield attributes that sort events into few kinds: for search, and for what is different."""
    said: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for event in way.whole:
        for number in event.numbers:
            for name, value in sample.spans[number].attributes.items():
                if not name.startswith((*TECHNICAL, HEADER)) and isinstance(value, str):
                    said[name][event.key].add(value)
    sorting = [name for name, found in sorted(said.items()) if _sorts(name, found, len(way.whole))]
    yield from sorting[:MOST_ATTRIBUTES]


def _sorts(name: str, by_event: Mapping[str, set[str]], events: int) -> bool:
    values = set().union(*by_event.values())
    steady = sum(1 for found in by_event.values() if len(found) == 1)
    few = 1 < len(values) <= min(FEW, events // 2) and looks(name, values) < 1
    return few and len(by_event) >= REQUIRED * events and steady >= REQUIRED * len(by_event)


def _reads(steps: Sequence[Place]) -> bool:
    methods = {dict(place.attributes).get(METHOD) for place in steps if place.attributes}
    return not any(place.topic for place in steps) and bool(methods) and methods <= set(READING)
