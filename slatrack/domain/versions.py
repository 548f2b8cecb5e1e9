"""Versions: an event that is amended, and which of its spans speak of which version.

Pure: the same parts give the same versions in any order. A trace that names one version is that
version's as a whole; of one that names several, or none, each span is of the version that had begun
by then.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from slatrack.domain.facts import version_name
from slatrack.domain.flows import Flow
from slatrack.domain.parts import Part, Sighting

FIRST = "1"  # the version that an event came in with, where its spans do not say

Begun = tuple[int, str]  # when a version was first heard of, its name


class Version(NamedTuple):
    """One version of an event: its name, its first sign, and the spans that speak of it."""

    name: str
    since: int
    sightings: Mapping[bytes, Sequence[Sighting]]  # by trace id; cancellations are not among them


class History(NamedTuple):
    """The versions of an event, oldest first, and when the last of them was cancelled, if it was.

    There may be none: where all that is known of the event is that it was cancelled.
    """

    versions: tuple[Version, ...]
    cancelled: int | None


def history(flow: Flow, parts: Mapping[bytes, Part]) -> History:
    """Return the versions that an event has had."""
    if flow.amend is None:
        return _unversioned(flow, parts)
    naming = _Naming(flow, parts)
    by_name: dict[str, dict[bytes, list[Sighting]]] = {}
    ended: list[tuple[int, int]] = []  # order of the version that a cancellation ends, when
    for trace_id, part in parts.items():
        for one in part.sightings:
            name = naming.version_of(trace_id, one)
            if one.step not in flow.cancels:
                by_name.setdefault(name, {}).setdefault(trace_id, []).append(one)
            elif not one.error:
                ended.append((naming.order[name], one.end))
    found = [
        Version(name, naming.since(name, by_name[name]), by_name[name])
        for name in sorted(by_name, key=naming.order.__getitem__)
    ]
    last = naming.order[found[-1].name] if found else 0
    return History(tuple(found), min((at for n, at in ended if n >= last), default=None))


def _unversioned(flow: Flow, parts: Mapping[bytes, Part]) -> History:
    found: dict[bytes, Sequence[Sighting]] = {t: part.sightings for t, part in parts.items()}
    ended: list[int] = []
    if flow.cancels:
        several = [one for sightings in found.values() for one in sightings]
        ended = [one.end for one in several if one.step in flow.cancels and not one.error]
        found = {
            trace_id: kept
            for trace_id, sightings in found.items()
            if (kept := [one for one in sightings if one.step not in flow.cancels])
        }
    starts = [one.start for sightings in found.values() for one in sightings]
    only = (Version(FIRST, min(starts), found),) if starts else ()
    return History(only, min(ended, default=None))


class _Naming:
    """What the versions of one event are called, in which order, and which one a span is of."""

    def __init__(self, flow: Flow, parts: Mapping[bytes, Part]) -> None:
        self._by_attribute = bool(flow.version_attribute)
        named = _said if self._by_attribute else _numbered
        self._named = named(flow, parts)
        self._first = _first(self._named.values())
        self._begun = sorted((at, name) for name, at in self._first.items())
        self.order = _order(self._first)

    def version_of(self, trace_id: bytes, one: Sighting) -> str:
        """Return the name of the version that a span of a trace speaks of."""
        here = self._named.get(trace_id, [])
        if self._by_attribute and len(here) == 1:
            return here[0][1]
        if here and one.start >= here[0][0]:
            return _at(here, one.start)
        return _at(self._begun, one.start) if self._begun else FIRST

    def since(self, name: str, sightings: Mapping[bytes, Sequence[Sighting]]) -> int:
        """Return the first sign of a version."""
        start = min(one.start for several in sightings.values() for one in several)
        return min(start, self._first.get(name, start))


def _at(begun: Sequence[Begun], at: int) -> str:
    return begun[max(0, bisect_right(begun, at, key=lambda one: one[0]) - 1)][1]


def _first(named: Iterable[Sequence[Begun]]) -> dict[str, int]:
    first: dict[str, int] = {}
    for at, name in (one for several in named for one in several):
        first[name] = min(at, first.get(name, at))
    return first


def _order(first: Mapping[str, int]) -> dict[str, int]:
    """The order of versions: of their numbers if all are numbers, else of their first signs."""
    numbers = all(name.isascii() and name.isdigit() and len(name) < 19 for name in first)
    names = sorted(first, key=lambda name: (int(name) if numbers else first[name], name))
    return {name: number for number, name in enumerate(names)} or {FIRST: 0}


def _said(flow: Flow, parts: Mapping[bytes, Part]) -> dict[bytes, list[Begun]]:
    """The versions that traces name by an attribute, by their first sign in each."""
    start = version_name(flow.version_attribute or "", "")
    return {
        trace_id: sorted(
            (_entered(flow, part, at), name[len(start) :])
            for name, at, _ in part.captured
            if name.startswith(start)
        )
        for trace_id, part in parts.items()
    }


def _numbered(flow: Flow, parts: Mapping[bytes, Part]) -> dict[bytes, list[Begun]]:
    """The versions that amending steps begin, one a trace: the event as it came in is the first."""
    amended = []
    for trace_id, part in parts.items():
        if starts := [one.start for one in part.sightings if one.step in flow.amends]:
            amended.append((_entered(flow, part, min(starts)), trace_id))
    first = min((one.start for part in parts.values() for one in part.sightings), default=0)
    named = {trace_id: [(at, str(n))] for n, (at, trace_id) in enumerate(sorted(amended), 2)}
    return {b"": [(first - 1, FIRST)], **named}


def _entered(flow: Flow, part: Part, at: int) -> int:
    """A version begins where its request came in, which may be before anything names it."""
    return max(
        (s.start for s in part.sightings if s.step in flow.ingress and s.start <= at), default=at
    )
