"""Gists: what the attributes of a span come to, worked out once for all spans that say the same.

Topic, partition, group, method … repeat from span to span, ids and offsets do not. So what follows
from the former is remembered, and the latter are put into it where nothing else depends on them.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from slatrack.domain.spans import Kind, Value
from slatrack.otlp.attributes import Found, Plan, plan
from slatrack.otlp.messaging import NO_MESSAGE, Message, message
from slatrack.otlp.namings import Naming
from slatrack.otlp.origins import Place
from slatrack.otlp.services import DERIVED, logical_service
from slatrack.otlp.vocabulary import ALWAYS, MESSAGE_ID, OFFSET

_new = tuple.__new__  # knows the order of a gist's fields; quicker than by their names
REMEMBERED = 20_000  # gists
PRODUCER = int(Kind.PRODUCER)
DECISIVE = frozenset((*ALWAYS, *DERIVED)) - {OFFSET}  # service or message may depend on these


class Gist(NamedTuple):
    """What a span without links says; `found` lacks what no other span says, where nothing hangs
    on it."""

    found: Found
    service: str
    said: Message
    attributes: Mapping[str, Value]  # the ones somebody asked for


class Gists:
    """Gists for a reader of the attributes called `wanted`. Safe to share by threads."""

    def __init__(self, wanted: frozenset[str], namings: tuple[Naming, ...] = ()) -> None:
        self.plan: Plan = plan(wanted, namings)
        self._known: dict[tuple[object, ...], Gist] = {}

    def of(self, raws: Sequence[bytes], kind: int, name: str, place: Place) -> Gist:
        """Return the gist of a span with these attributes."""
        learn, remembered = self.plan.learn, self.plan.remembered
        key: list[object] = [kind, name, place.named, place.origin.scope]
        fresh: dict[str, Value] = {}
        for raw in raws:
            if raw in remembered:
                key.append(raw)
                continue
            for newest, _, sent in learn(raw):
                if newest in DECISIVE or newest in fresh:
                    return self._gist(raws, kind, name, place)
                fresh[newest] = sent
        said = tuple(key)
        gist = self._known.get(said) or self._learn(said, kind, name, place)
        if not fresh:
            return gist
        return self._refreshed(gist, fresh, kind) or self._gist(raws, kind, name, place)

    def _refreshed(self, gist: Gist, fresh: dict[str, Value], kind: int) -> Gist | None:
        """Return `gist` with `fresh` values; None where one may change what the others mean."""
        found, service, said, attributes = gist
        if not found.keys().isdisjoint(fresh):
            return None
        if OFFSET not in fresh and self.plan.asked.issuperset(fresh):  # as a rule: the event's key
            asked: dict[str, Value] = {**attributes, **fresh}
            return _new(Gist, (found, service, said, asked))
        if OFFSET in fresh:
            offset = fresh[OFFSET]
            if kind == PRODUCER or MESSAGE_ID in found or not isinstance(offset, int):
                return None
            if said is not NO_MESSAGE:
                topic, partition, _, operation = said
                said = (topic, partition, offset, operation)
        found = {**found, **fresh}
        return Gist(found, service, said, self.plan.attributes(found))

    def _learn(self, key: tuple[object, ...], kind: int, name: str, place: Place) -> Gist:
        raws = [raw for raw in key[4:] if isinstance(raw, bytes)]
        gist = self._gist(raws, kind, name, place)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[key] = gist
        return gist

    def _gist(self, raws: Sequence[bytes], kind: int, name: str, place: Place) -> Gist:
        found, scope = self.plan.read(raws), place.origin.scope
        return Gist(
            found,
            logical_service(found, place.named, scope),
            message(found, kind, name, scope, ()),
            self.plan.attributes(found),
        )


@lru_cache(maxsize=8)
def gists(wanted: frozenset[str], namings: tuple[Naming, ...] = ()) -> Gists:
    """Return the gists for reading `wanted`; the same object while flows do not change."""
    return Gists(wanted, namings)
