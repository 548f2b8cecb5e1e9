"""The fold: from what each trace contributes to one event's journey.

Pure: the same spans give the same journey in any order, batching or repetition. Times are integer
nanoseconds since 1970 UTC throughout; `slatrack.domain.instants` turns them into datetimes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from slatrack.domain.attempts import BySpan, StepSeen, step_seen, without_duplicates
from slatrack.domain.families import NO_CHILDREN, Children
from slatrack.domain.flows import ASIDE, MAX_KEY, AmendClock, Duplicates, Flow, Step
from slatrack.domain.once import once
from slatrack.domain.parts import Part, Sighting, earliest
from slatrack.domain.states import Status
from slatrack.domain.versions import History, Version, history


@dataclass  # as good as frozen, which would cost thrice the time to make one
class Journey:
    """One event's way through one flow. `steps` are in the order of the flow document.

    Of an event that was amended they are those of its newest version.
    """

    flow: Flow
    key: str
    steps: tuple[StepSeen, ...]
    start: int
    end: int
    spans: int
    traces: tuple[bytes, ...]
    complete: bool
    truncated: bool
    attributes: Mapping[str, str | int | float | bool]
    children: Children = NO_CHILDREN
    versions: tuple[Version, ...] = ()  # empty: never amended
    cancelled: int | None = None  # when it was
    ignored: int = 0  # second submissions that are left out of the steps
    origin: "Journey | None" = None  # what its clocks run by, where that is not itself

    @once
    def _by_name(self) -> dict[str, StepSeen]:
        return {seen.step: seen for seen in self.steps}

    def seen(self, step: str) -> StepSeen | None:
        """Return what is known of `step`; None if it was not seen."""
        return self._by_name.get(step)

    @property
    def way(self) -> tuple[Step, ...]:
        """The steps of its flow: of those beside the way the ones that it was seen in."""
        return tuple(s for s in self.flow.all_steps if s.role not in ASIDE or self.seen(s.name))

    @once
    def last(self) -> StepSeen:
        """The step that the event was last seen to enter: where it is now."""
        steps: Sequence[StepSeen] = self.steps
        if beside := self.flow.beside:
            steps = [seen for seen in steps if seen.step not in beside] or steps
        last = steps[0]
        for seen in steps:
            if seen.start >= last.start:  # of several, the flow's last
                last = seen
        return last

    @once
    def ingress(self) -> StepSeen | None:
        """The first ingress step seen."""
        seen = [s for s in self.steps if s.step in self.flow.ingress]
        return min(seen, key=lambda s: s.start, default=None)

    @property
    def clock(self) -> "Journey":
        """What the clocks of its deadlines run by: itself, or what it was before amendments."""
        return self.origin or self

    @property
    def started(self) -> int:
        """The start of ingress; while ingress was not seen, the first sign of the event."""
        clock = self.origin or self
        return clock.ingress.start if clock.ingress else clock.start

    @once
    def status(self) -> Status:
        """How the event stands, as the spans tell (silence is the watcher's matter)."""
        if self.cancelled is not None:
            return Status.CANCELLED
        if self._arrived and (not self.flow.needs_children or self._children_done):
            return Status.DONE
        failed = self.last.error or self.dead_letter is not None
        return Status.FAILED if failed else Status.IN_FLIGHT

    @once
    def _arrived(self) -> bool:
        ends = [self.seen(name) for name in self.flow.ends]
        return bool(ends) and all(s is not None and s.reached is not None for s in ends)

    @property
    def expected_children(self) -> int | None:
        """How many children the event says it has; None where it does not."""
        spec = self.flow.children
        return spec.expected.of(self.attributes) if spec and spec.expected else None

    @property
    def _children_done(self) -> bool:
        return self.children.all_done(self.expected_children)

    @once
    def dead_letter(self) -> StepSeen | None:
        """The step that put the event aside, if it has not been seen on its way since."""
        aside = [s for s in self.steps if s.step in self.flow.dead_letters]
        if not aside:
            return None
        newest = max(aside, key=lambda s: s.sighting.start)
        others = [s.sighting.start for s in self.steps if s.step not in self.flow.dead_letters]
        return newest if newest.sighting.start >= max(others, default=0) else None

    def proof(self, until: str) -> tuple[int | None, bool]:
        """Return when what a deadline waits `until` was there, and whether that is proven."""
        if self.flow.waits_for_children(until):
            return self._children_proof()
        seen = self.seen(until)
        return (seen.reached, seen.proven) if seen else (None, True)

    def _children_proof(self) -> tuple[int | None, bool]:
        if not self._children_done:
            return None, True
        ended = self.children.ended
        return self.started if ended is None else ended, self.expected_children is not None

    @property
    def ended(self) -> int | None:
        """When the last required end was first reached well, or the event was cancelled.

        None while it is on its way.
        """
        if self.status is Status.CANCELLED:
            return self.cancelled
        if self.status is not Status.DONE:
            return None
        ends = [s.reached for s in self.steps if s.step in self.flow.ends and s.reached is not None]
        if self.flow.needs_children and self.children.ended is not None:
            ends.append(self.children.ended)
        return max(ends)

    @property
    def duplicates(self) -> int:
        """How often the event, as its newest version, was submitted beyond what was expected."""
        entered = [s for s in self.steps if s.step in self.flow.ingress]
        return self.ignored or max([0, *(s.good - (s.times or s.good) for s in entered)])

    @property
    def parent(self) -> tuple[str, str] | None:
        """The flow and key of the event that it is a part of, if it says so."""
        spec = self.flow.parent
        key = spec.key_of(self.key, self.attributes, longest=MAX_KEY) if spec else None
        return (spec.flow, key) if spec and key else None

    @property
    def last_sign(self) -> int:
        """When the event, or a child of it, was last heard of."""
        return self.end if self.children.last is None else max(self.end, self.children.last)


def fold(
    flow: Flow, key: str, parts: Mapping[bytes, Part], children: Children = NO_CHILDREN
) -> Journey | None:
    """Return the journey that the parts, by trace id, make; None if they prove no step."""
    if flow.has_history:
        return _fold_newest(flow, key, parts, children)
    return _folded(flow, key, parts, children=children)


def _fold_newest(
    flow: Flow, key: str, parts: Mapping[bytes, Part], children: Children
) -> Journey | None:
    """Fold the newest version of an event, with what is known of the ones before."""
    known = {t: [s for s in p.sightings if s.step in flow.order] for t, p in parts.items()}
    parts = {t: p._replace(sightings=tuple(known[t])) for t, p in parts.items()}
    if not any(known.values()):
        return None
    past = history(flow, parts)
    newest = past.versions[-1] if past.versions else None
    sightings = {
        trace_id: [s for s in found if s.step in flow.cancels]
        + list(newest.sightings.get(trace_id, ()) if newest else ())
        for trace_id, found in known.items()
    }
    journey = _folded(flow, key, parts, children=children, past=past, sightings=sightings)
    if journey is None or len(past.versions) < 2:
        return journey
    if flow.amend and flow.amend.clock is AmendClock.INHERIT:
        return replace(journey, origin=_folded(flow, key, parts, children=children))
    return replace(journey, start=newest.since if newest else journey.start)


def _folded(
    flow: Flow,
    key: str,
    parts: Mapping[bytes, Part],
    *,
    children: Children,
    past: History | None = None,
    sightings: Mapping[bytes, Iterable[Sighting]] | None = None,
) -> Journey | None:
    by_step, ignored = _by_step(flow, parts, sightings)
    if not by_step:
        return None
    attributes = _attributes(parts, flow, past)
    found = [step_seen(s, by_step[s.name].values(), attributes)
             for s in flow.all_steps if s.name in by_step]  # fmt: skip
    all_parts = parts.values()
    truncated = True in [p.truncated for p in all_parts]
    return Journey(
        flow=flow,
        key=key,
        steps=tuple(found),
        start=min([p.start for p in all_parts]),
        end=max([p.end for p in all_parts]),
        spans=sum([p.spans for p in all_parts]),
        traces=tuple(sorted(parts, key=lambda t: (parts[t].start, t))),
        complete=not truncated and not sum([p.orphans for p in all_parts]),
        truncated=truncated,
        attributes=attributes,
        children=children,
        versions=past.versions if past else (),
        cancelled=past.cancelled if past else None,
        ignored=ignored,
    )


def _by_step(
    flow: Flow,
    parts: Mapping[bytes, Part],
    sightings: Mapping[bytes, Iterable[Sighting]] | None,
) -> tuple[Mapping[str, BySpan], int]:
    """Return the sightings of each step, and how many duplicates were left out of them."""
    names = flow.order
    found: dict[str, dict[tuple[bytes, bytes], Sighting]] = defaultdict(dict)
    for trace_id, part in parts.items():
        for sighting in part.sightings if sightings is None else sightings[trace_id]:
            if sighting.step in names:
                found[sighting.step][trace_id, sighting.span_id] = sighting
    if found and flow.duplicates is Duplicates.IGNORE:
        return without_duplicates(flow, found)
    return found, 0


def _attributes(
    parts: Mapping[bytes, Part], flow: Flow, past: History | None
) -> dict[str, str | int | float | bool]:
    """The attributes that the flow keeps: of an amended event as its newest version says them."""
    if not flow.kept:
        return {}
    found = earliest(c for p in parts.values() for c in p.captured if c[0] in flow.kept)
    attributes = {name: value for name, _, value in found}
    if past and len(past.versions) > 1:
        own = (c for t in past.versions[-1].sightings for c in parts[t].captured)
        attributes |= {n: value for n, _, value in earliest(own) if n in flow.kept}
    return attributes


__all__ = ["Journey", "StepSeen", "fold"]
