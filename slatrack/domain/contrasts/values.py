"""Values of attributes as properties: names that tell events apart, numbers by quarters, no ids."""

import itertools
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from slatrack.domain.contrasts.properties import Property, PropertyKind
from slatrack.domain.matches import as_text

Value = str | int | float | bool
Attributes = Mapping[str, Value]

MANY = 20  # distinct values beyond which an attribute may be an id, and a number is cut in quarters
REPEATED = 2.0  # events a value has on average, at least, if it is to tell something
SHOWN = 200  # characters of a value


@dataclass(frozen=True)
class Vocabulary:
    """How attributes are turned to properties; `left_out` says of which they are not, and why."""

    read: Mapping[str, Callable[[Value], Property]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    def of(self, attributes: Attributes) -> list[Property]:
        """Return the properties of an event with these attributes."""
        return [read(attributes[name]) for name, read in self.read.items() if name in attributes]


def vocabulary(events: Sequence[Attributes]) -> Vocabulary:
    """Return how the attributes of some events are read, each by the values that it has."""
    read: dict[str, Callable[[Value], Property]] = {}
    left_out: dict[str, str] = {}
    for name in sorted({name for attributes in events for name in attributes}):
        values = [attributes[name] for attributes in events if name in attributes]
        count = len(set(values))
        if count <= MANY:
            read[name] = _named(name)
        elif _is_id(values, count):
            left_out[name] = f"an id: {count:,} values in {len(values):,} events"
        else:
            read[name] = _ranged(name, values) if _numbers(values) else _named(name)
    return Vocabulary(read, left_out)


def _is_id(values: Sequence[Value], count: int) -> bool:
    """Whether nearly every event has a value of its own. A measured number may have so too."""
    if any(isinstance(value, float) for value in values) and _numbers(values):
        return False
    return len(values) < REPEATED * count


def _numbers(values: Sequence[Value]) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def _named(name: str) -> Callable[[Value], Property]:
    def read(value: Value) -> Property:
        return Property(PropertyKind.ATTRIBUTE, name, as_text(value)[:SHOWN])

    return read


def _ranged(name: str, values: Sequence[Value]) -> Callable[[Value], Property]:
    """Cut numbers at their quartiles, equal ones once."""
    ordered = sorted(float(value) for value in values)
    cuts = sorted({ordered[len(ordered) * quarter // 4] for quarter in (1, 2, 3)})
    names = [f"below {cuts[0]:g}"]
    names += [f"{low:g} to below {high:g}" for low, high in itertools.pairwise(cuts)]
    names.append(f"{cuts[-1]:g} and more")

    def read(value: Value) -> Property:
        return Property(PropertyKind.RANGE, name, names[bisect_right(cuts, float(value))])

    return read


__all__ = ["Attributes", "Vocabulary", "vocabulary"]
