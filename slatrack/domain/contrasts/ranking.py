"""Which properties one cohort has more often than another, beyond what chance explains."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from slatrack.domain.contrasts.properties import Property
from slatrack.domain.contrasts.values import Attributes, Vocabulary, vocabulary
from slatrack.domain.statistics.many import holm
from slatrack.domain.statistics.proportions import Interval, ratio, ratio_interval
from slatrack.domain.statistics.tables import Table, independence

CHANCE = 0.05  # that any finding at all is an accident
EXAMPLES = 3
FEW = 5  # events that must have a property, of both cohorts together, for it to be asked about


Having = Mapping[Property, Sequence[int]]


class Described(NamedTuple):
    """One event as it is compared: its attributes, and the other properties that it has."""

    attributes: Attributes
    properties: frozenset[Property]


@dataclass(frozen=True, slots=True)
class Finding:
    """A property that is not equally frequent in both cohorts.

    `p` is corrected for all that was asked; `exact` tells which test gave it. `examples` are places
    of some that have it, in the cohort that has it more often.
    """

    about: Property
    table: Table
    ratio: float
    interval: Interval
    g: float
    p: float
    exact: bool
    examples: Sequence[int] = ()

    @property
    def more(self) -> bool:
        """Whether the first cohort has it more often."""
        return self.share > self.other_share

    @property
    def share(self) -> float:
        """The share of the first cohort that has it."""
        return self.table.a / self.table.a_all

    @property
    def other_share(self) -> float:
        """The share of the second cohort that has it."""
        return self.table.b / self.table.b_all


@dataclass(frozen=True)
class Contrast:
    """What was found: more frequent in the first cohort, and less; the strongest evidence first."""

    more: Sequence[Finding] = ()
    less: Sequence[Finding] = ()
    asked: int = 0
    left_out: Mapping[str, str] = field(default_factory=dict)


def contrast(
    first: Sequence[Described], second: Sequence[Described], *, apart: Collection[str] = ()
) -> Contrast:
    """Compare two cohorts. `apart` names attributes that they were chosen by."""
    if not (first and second):
        return Contrast()
    known = vocabulary([_without(one.attributes, apart) for one in (*first, *second)])
    having, other = _having(first, known), _having(second, known)
    tables = _tables(having, other, len(first), len(second))
    answers = [independence(table) for table in tables.values()]
    corrected = holm([answer.p for answer in answers])
    found = [
        Finding(about, table, ratio(table), ratio_interval(table), answer.g, p, answer.exact)
        for (about, table), answer, p in zip(tables.items(), answers, corrected, strict=True)
        if p < CHANCE
    ]
    found.sort(key=lambda one: (-one.g, one.about))
    found = [_shown(one, having if one.more else other) for one in found]
    more, less = ([one for one in found if one.more is wanted] for wanted in (True, False))
    return Contrast(more, less, len(tables), known.left_out)


def _shown(one: Finding, having: Having) -> Finding:
    return replace(one, examples=having[one.about][:EXAMPLES])


def _without(attributes: Attributes, names: Collection[str]) -> Attributes:
    return {name: value for name, value in attributes.items() if name not in names}


def _having(events: Iterable[Described], known: Vocabulary) -> Having:
    """The places of the events that have each property."""
    found: dict[Property, list[int]] = defaultdict(list)
    for place, one in enumerate(events):
        for about in (*one.properties, *known.of(one.attributes)):
            found[about].append(place)
    return found


def _tables(first: Having, second: Having, a_all: int, b_all: int) -> dict[Property, Table]:
    """The tables of what some events have and others have not."""
    counts = {
        about: (len(first.get(about, ())), len(second.get(about, ())))
        for about in sorted({*first, *second})
    }
    return {
        about: Table(a, a_all, b, b_all)
        for about, (a, b) in counts.items()
        if FEW <= a + b < a_all + b_all
    }
