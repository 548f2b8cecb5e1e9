"""Doubts about a deadline: others that apply to the same events, conditions that nothing meets.

Nothing here is wrong by itself, or it would have been refused: these are what an author should look
at before saving.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from slatrack.domain.calendars import Calendars
from slatrack.domain.flows import DeadlineSpec, Flow
from slatrack.domain.matches import as_text
from slatrack.domain.rules import Clock, Rule, due, supposed
from slatrack.domain.rules.clock import named_instant
from slatrack.domain.rules.starts import conditions, from_names


class Overlap(NamedTuple):
    """Another deadline with the same `until` that applies to some of the same events.

    Of the starts that were tried it was due `earlier` than the one in question, or `later`.
    """

    name: str
    same: bool  # the same rule for all that they share
    earlier: int
    later: int
    tried: int


def overlaps(
    spec: DeadlineSpec,
    others: Iterable[DeadlineSpec],
    starts: Sequence[datetime],
    calendars: Calendars,
) -> list[Overlap]:
    """Return the deadlines of its flow that overlap with `spec`."""
    found = []
    for other in others:
        shared = _shared(spec.when, other.when)
        if other.name == spec.name or other.until != spec.until or shared is None:
            continue
        found.append(_compared(spec, other, shared, starts, calendars))
    return found


def _shared(
    one: Mapping[str, Sequence[str]], two: Mapping[str, Sequence[str]]
) -> dict[str, str] | None:
    """Attributes of an event to which both conditions apply; None if there is no such event."""
    found: dict[str, str] = {}
    for name in {**one, **two}:
        allowed = [
            value
            for value in one.get(name, two.get(name, ()))
            if value in two.get(name, one.get(name, ()))
        ]
        if not allowed:
            return None
        found[name] = allowed[0]
    return found


def _compared(
    spec: DeadlineSpec,
    other: DeadlineSpec,
    shared: Mapping[str, object],
    starts: Sequence[datetime],
    calendars: Calendars,
) -> Overlap:
    earlier = later = tried = 0
    for at in starts:
        mine, its = (
            due(one.rule, supposed(one.rule, at, shared), calendars=calendars).due_at
            for one in (spec, other)
        )
        if mine is not None and its is not None:
            tried, earlier, later = tried + 1, earlier + (its < mine), later + (its > mine)
    return Overlap(other.name, other.rule == spec.rule, earlier, later, tried)


def never_after(flow: Flow, spec: DeadlineSpec) -> list[str]:
    """Return the steps that its rule counts from and after which its `until` cannot come."""
    if flow.waits_for_children(spec.until) or spec.until not in flow.order:
        return []
    before = _before(flow, spec.until)
    starts = [name for name in spec.start_steps if name not in before]
    late = "ingress" in spec.starts and flow.ingress and not flow.ingress & before
    return [*starts, *(["ingress"] if late else [])]


def _before(flow: Flow, name: str) -> set[str]:
    """The steps that an event may pass before that step, itself included."""
    found: set[str] = set()
    queue = [name]
    while queue:
        step = queue.pop()
        if step not in found:
            found.add(step)
            queue += flow.step(step).after
    return found


@dataclass(frozen=True)
class Seen:
    """The values of some attributes in recent events; of how many those were, by attribute."""

    events: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, Counter[str]] = field(default_factory=dict)

    def of(self, name: str) -> Counter[str]:
        """Return how often each value of an attribute was seen."""
        return self.values.get(name, Counter())


class NeverSeen(NamedTuple):
    """A condition that no recent event met: the values that it names, and what was seen instead."""

    attribute: str
    wanted: tuple[str, ...]
    seen: Mapping[str, int]


def never_seen(spec: DeadlineSpec, seen: Seen) -> list[NeverSeen]:
    """Return the conditions of `spec`, and of switches in its rule, that no recent event met."""
    return [
        NeverSeen(name, wanted, seen.of(name))
        for name, wanted in _wanted(spec)
        if not any(seen.of(name)[value] for value in wanted)
    ]


def _wanted(spec: DeadlineSpec) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from ((name, tuple(values)) for name, values in spec.when.items())
    for name, values in conditions(spec.rule):
        yield name, tuple(as_text(value) for value in values)


def no_instants(rule: Rule, seen: Seen) -> dict[str, str]:
    """Return the attributes that a rule counts from and that never held an instant, with why."""
    problems: dict[str, str] = {}
    for name in sorted(name for name in from_names(rule) if name.startswith("attr:")):
        values = seen.of(name[5:])
        if not values:
            problems[name[5:]] = "no span carries it"
            continue
        read = [named_instant(name, Clock(None, {}, {name[5:]: value})) for value in values]
        if all(at is None for at, _ in read):
            problems[name[5:]] = read[0][1]
    return problems


__all__ = ["NeverSeen", "Overlap", "Seen", "never_after", "never_seen", "no_instants", "overlaps"]
