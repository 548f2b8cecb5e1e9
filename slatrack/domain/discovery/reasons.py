"""Reasons: what speaks for a key on the way that it was found for."""

from collections.abc import Sequence

from slatrack.domain.discovery.causes import Sample
from slatrack.domain.discovery.identifiers import shortened
from slatrack.domain.discovery.keys import Key
from slatrack.domain.discovery.places import Place
from slatrack.domain.discovery.proposals import KeyReasons
from slatrack.domain.discovery.ways import Way

CARRIED = 0.8  # of the spans of a step
EXAMPLES = 3


def reasons(key: Key, way: Way, sample: Sample) -> KeyReasons:
    """Return why `key` is likely on `way`."""
    carried = shares(key, way, sample)
    steps = sum(1 for place in way.steps if carried[place] >= CARRIED)
    values = sorted(frozenset().union(*key.values.values()))
    return KeyReasons(
        sources=key.sources,
        steps=steps,
        of=len(way.steps),
        unique=key.unique,
        steady=key.steady,
        distinct=len(values),
        looks=key.looks,
        examples=() if key.weak else _examples(values),
        across=sum(1 for event in way.whole if event.traces > 1),
        weak=key.weak,
    )


def shares(key: Key, way: Way, sample: Sample) -> dict[Place, float]:
    """Return how many of the spans of each step carry the key themselves."""
    counted = {place: [0, 0] for place in way.steps}
    numbers = {number for event in way.whole for number in event.numbers}
    for number in numbers:
        place = sample.places[number]
        if place in counted:
            counted[place][0] += number in key.values
            counted[place][1] += 1
    return {place: carried / max(1, spans) for place, (carried, spans) in counted.items()}


def _examples(values: Sequence[str]) -> tuple[str, ...]:
    some = (values[len(values) * n // EXAMPLES] for n in range(EXAMPLES))
    return tuple(dict.fromkeys(shortened(value) for value in some))
