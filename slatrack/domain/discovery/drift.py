"""Drift: how the journeys of a flow have come to differ from its document, and since when.

A difference is told only where chance hardly explains it: a way of which many earlier journeys knew
nothing, a step that every one of many later journeys lacks though earlier ones had it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from slatrack.domain.discovery.places import Place
from slatrack.domain.flows import Flow, Step

CHANCE = 0.01  # the likelihood of chance that is still believed
SEEN = 3  # journeys that must show a new place
SHARE = 0.05  # of the journeys since
BEFORE = 10  # journeys to compare with
USUAL = 0.7  # share of earlier journeys that had a step
PATIENCE = 3  # times the longest time a step took, until it is missed
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Walk:
    """One journey: when it began, when each step did, the other places it has been to.

    `strays` tells after which step each was. Times are in nanoseconds.
    """

    key: str
    start: int
    steps: Mapping[str, int]
    strays: Mapping[Place, str]
    ended: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A new place (`place`, after step `after`), or a `step` that is not seen any more."""

    ident: str
    since: int
    share: float  # of the journeys since then
    journeys: int  # since then
    before: int  # journeys looked at from before
    share_before: float
    examples: tuple[str, ...]
    place: Place | None = None
    after: str = ""
    step: str = ""


def drift(flow: Flow, walks: Iterable[Walk], *, now: int) -> list[Difference]:
    """Return the differences, the newest first."""
    ordered = sorted(walks, key=lambda walk: (walk.start, walk.key))
    found = [*_new_places(flow, ordered), *_vanished(flow, ordered, now=now)]
    return sorted(found, key=lambda one: (-one.since, one.ident))


def _new_places(flow: Flow, walks: Sequence[Walk]) -> Iterator[Difference]:
    for place in sorted({place for walk in walks for place in walk.strays}):
        if _spoken_for(flow, place, walks):
            continue
        first = next(n for n, walk in enumerate(walks) if place in walk.strays)
        later = walks[first:]
        showing = [walk for walk in later if place in walk.strays]
        share = len(showing) / len(later)
        by_chance = (1 - share) ** first
        if first < BEFORE or len(showing) < SEEN or share < SHARE or by_chance > CHANCE:
            continue
        yield Difference(
            ident=ident(flow.name, place),
            since=walks[first].start,
            share=share,
            journeys=len(later),
            before=first,
            share_before=0.0,
            examples=tuple(walk.key for walk in showing[-EXAMPLES:]),
            place=place,
            after=Counter(walk.strays[place] for walk in showing).most_common(1)[0][0],
        )


def _spoken_for(flow: Flow, place: Place, walks: Iterable[Walk]) -> bool:
    """Whether a step or another new place takes what is sent there; or it is a mere call."""
    if place.kind == "client" and not place.topic:
        return True
    if not place.sends:
        return False
    takes = any(s.match.topic and s.match.topic.passes(place.topic) for s in flow.steps)
    return takes or any(
        other.takes and other.topic == place.topic for walk in walks for other in walk.strays
    )


def _vanished(flow: Flow, walks: Sequence[Walk], *, now: int) -> Iterator[Difference]:
    for step in flow.steps:
        if not step.required:
            continue
        ripe = [walk for walk in walks if _should_have(flow, step, walk, walks, now)]
        last = max((n for n, walk in enumerate(ripe) if step.name in walk.steps), default=-1)
        earlier, later = ripe[: last + 1], ripe[last + 1 :]
        if len(earlier) < BEFORE or not later:
            continue
        usual = sum(1 for walk in earlier if step.name in walk.steps) / len(earlier)
        if usual < USUAL or (1 - min(usual, 0.99)) ** len(later) > CHANCE / len(flow.steps):
            continue
        if len(later) < SEEN:
            continue
        yield Difference(
            ident=ident(flow.name, step.name),
            since=later[0].start,
            share=0.0,
            journeys=len(later),
            before=len(earlier),
            share_before=usual,
            examples=tuple(walk.key for walk in later[-EXAMPLES:]),
            step=step.name,
        )


def _should_have(flow: Flow, step: Step, walk: Walk, walks: Sequence[Walk], now: int) -> bool:
    """Whether a journey is so far, or so old, that it would show the step."""
    if walk.ended or step.name in walk.steps or any(n in walk.steps for n in _behind(flow, step)):
        return True
    took = [one.steps[step.name] - one.start for one in walks if step.name in one.steps]
    return bool(took) and walk.start + PATIENCE * max(took) < now


def _behind(flow: Flow, step: Step) -> set[str]:
    """The steps that come after one, directly or not."""
    names: set[str] = set()
    queue = [step.name]
    while queue:
        name = queue.pop()
        found = [one.name for one in flow.steps if name in one.after and one.name not in names]
        names.update(found)
        queue += found
    return names


def ident(flow: str, what: Place | str) -> str:
    """Return a name for a difference that is the same each time it is found."""
    said = f"{flow}\0{what!r}".encode("utf-8", "replace")
    return blake2b(said, digest_size=8).hexdigest()
