"""Legs: what lies between the steps of a journey, waiting told apart from working."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import NamedTuple

from slatrack.domain.crossings import Crossing, Facts, SpanAt, crossing, is_poll
from slatrack.domain.journeys import Journey, StepSeen
from slatrack.domain.parts import Part

MOST_SPANS = 100  # of one step, looked at for where the way goes on


@dataclass(frozen=True, slots=True)
class Leg:
    """What lies between two steps, in nanoseconds.

    `waiting` is from sent to taken in, `working` the rest of the time from the start of the first
    step to the start of the second. `skew` is how much the effect seems to precede its cause; it is
    never subtracted, and no leg is negative. `partial`: one side is silent, and `why` says which.
    """

    before: str
    after: str
    waiting: int
    working: int
    skew: int
    partial: bool
    why: str = ""


class Seen(NamedTuple):
    """What is known beside the journey itself: the spans of each step, and all facts.

    The first span of a step is the one that begins it, the others are in no order.
    """

    spans: Mapping[str, tuple[SpanAt, ...]]
    facts: Facts


def seen_in(journey: Journey, parts: Mapping[bytes, Part], facts: Facts) -> Seen:
    """Return what `legs` needs, from the parts and the facts of a journey's traces.

    A step begins with its first span that is no poll; with the poll where there is nothing else.
    """
    found: dict[str, list[tuple[bool, int, SpanAt]]] = defaultdict(list)
    for trace_id, part in parts.items():
        for one in part.sightings:
            step, at = journey.seen(one.step), (trace_id, one.span_id)
            if step is not None and step.start <= one.start:  # else of an earlier version
                found[one.step].append((is_poll(facts, at), one.start, at))
    begun = {step: nsmallest(MOST_SPANS, ranked) for step, ranked in found.items()}
    return Seen({step: tuple(at for _, _, at in ranked) for step, ranked in begun.items()}, facts)


def legs(journey: Journey, seen: Seen | None = None) -> list[Leg]:
    """Return the legs into each seen step, from the steps that it may follow."""
    return [
        _leg(journey, name, after, hidden, seen)
        for after in journey.steps
        for name, hidden in _before(journey, after.step)
    ]


def _before(journey: Journey, step: str) -> list[tuple[str, tuple[str, ...]]]:
    """The nearest seen steps before `step`, each with the required ones between not seen."""
    found: dict[str, tuple[str, ...]] = {}
    ways: list[tuple[str, tuple[str, ...]]] = [(n, ()) for n in journey.flow.step(step).after]
    done: set[tuple[str, bool]] = set()
    for name, hidden in ways:  # grows while it is walked
        if journey.seen(name):
            found[name] = min(found.get(name, hidden), hidden, key=len)
        elif (name, bool(hidden)) not in done:
            done.add((name, bool(hidden)))
            beyond = (name, *hidden) if journey.flow.step(name).required else hidden
            ways += [(earlier, beyond) for earlier in journey.flow.step(name).after]
    return list(found.items())


def _leg(
    journey: Journey, name: str, after: StepSeen, hidden: tuple[str, ...], seen: Seen | None
) -> Leg:
    before = journey.seen(name)
    if before is None:
        raise ValueError("a leg starts at a step that was seen")
    way = _crossing(seen, before, after)
    begun, start = _start(seen, before), _start(seen, after)
    sent = way.sent.end if way.sent else before.end if before.reached is None else before.reached
    cause = max(begun, way.sent.start) if way.sent else begun
    taken = start if way.taken_at is None else min(way.taken_at, start)
    whole = max(0, start - begun)
    waiting = 0 if way.inside else min(max(0, taken - max(sent, begun)), whole)
    why = _unsaid(before, after, hidden, way) if seen else _hidden(hidden)
    return Leg(
        before=name,
        after=after.step,
        waiting=waiting,
        working=whole - waiting,
        skew=max(0, cause - taken),
        partial=bool(why),
        why=why,
    )


def _crossing(seen: Seen | None, before: StepSeen, after: StepSeen) -> Crossing:
    if seen is None or not {before.step, after.step} <= seen.spans.keys():
        return Crossing()
    way = crossing(seen.facts, seen.spans[before.step], seen.spans[after.step][0])
    one_service = before.sighting.service == after.sighting.service
    return way if one_service or not way.inside else Crossing()


def _start(seen: Seen | None, step: StepSeen) -> int:
    """When a step began: with a poll only when that ended, since before it had no message."""
    at = seen.spans[step.step][0] if seen and step.step in seen.spans else None
    one = seen.facts.get(at) if seen and at else None
    if seen is None or at is None or one is None:
        return step.start
    return one.end if is_poll(seen.facts, at) else one.start


def _unsaid(before: StepSeen, after: StepSeen, hidden: tuple[str, ...], way: Crossing) -> str:
    """Which side of the way is silent; empty where both speak, or where nothing was crossed."""
    here, there = before.sighting.service, after.sighting.service
    if hidden or way.inside or (here == there and way.taken is None):
        return _hidden(hidden)
    if way.taken is None:
        return f"{there} has no span that takes it in: waiting may include work there"
    return "" if way.sent else f"{here} has no span that sends it: working may include waiting"


def _hidden(hidden: tuple[str, ...]) -> str:
    return f"not seen between: {', '.join(hidden)}" if hidden else ""
