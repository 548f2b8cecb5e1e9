"""Attributes: the wanted ones of a span, found without decoding the others.

This is the inner loop of everything. Most attributes repeat from span to span byte for byte (topic,
group, method …): those are read once and remembered. The rest is told apart by the encoded key.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from slatrack.domain.spans import NO_ATTRIBUTES, Value
from slatrack.otlp import wire
from slatrack.otlp.values import is_cut, value
from slatrack.otlp.vocabulary import Slot, slots

CUT = "slatrack.cut"  # marks a span of which some value is kept only in part
REMEMBERED = 20_000  # attributes
REMEMBERED_PER_KEY = 256  # a key with more values (ids, offsets) is read each time
REMEMBERED_LENGTH = 128  # bytes


class Hit(NamedTuple):
    """A wanted attribute: its newest name, its rank among synonyms, its value."""

    name: str
    rank: int
    value: Value


Hits = Mapping[str, Hit]


class Plan:
    """Reads the attributes that the vocabulary and `wanted` name. Safe to share by threads."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self.wanted = wanted | {CUT}
        self._slots = {name.encode(): meanings for name, meanings in slots(wanted).items()}
        self._by_prefix = {_prefix(name): s for name, s in self._slots.items() if len(name) < 128}
        self._remembered: dict[bytes, tuple[Hit, ...]] = {}
        self._values_of: dict[bytes, int] = {}

    def read(self, raws: Iterable[bytes]) -> dict[str, Hit]:
        """Return the hits among raw KeyValues by name. Of synonyms the newest wins, of equals
        the first."""
        found: dict[str, Hit] = {}
        remembered = self._remembered
        for raw in raws:
            hits = remembered.get(raw)
            if hits is None:
                hits = self._learn(raw)
            for hit in hits:
                known = found.get(hit.name)
                if known is None or hit.rank < known.rank:
                    found[hit.name] = hit
        return found

    def attributes(self, found: Hits) -> Mapping[str, Value]:
        """Return what of `found` somebody asked for."""
        wanted = self.wanted
        return {n: hit.value for n, hit in found.items() if n in wanted} or NO_ATTRIBUTES

    def _learn(self, raw: bytes) -> tuple[Hit, ...]:
        if len(raw) < 2 or raw[0] != KEY or raw[1] >= 128:
            return self._read_slowly(raw)
        prefix = raw[: raw[1] + 2]
        meanings = self._by_prefix.get(prefix)
        hits = _hits(raw, meanings) if meanings else ()
        seen = self._values_of.get(prefix, 0)
        if seen < REMEMBERED_PER_KEY and len(raw) <= REMEMBERED_LENGTH:
            self._remember(raw, hits, prefix, seen)
        return hits

    def _remember(self, raw: bytes, hits: tuple[Hit, ...], prefix: bytes, seen: int) -> None:
        if len(self._remembered) >= REMEMBERED or len(self._values_of) >= REMEMBERED:
            self._remembered.clear()
            self._values_of.clear()
        self._values_of[prefix] = seen + 1
        self._remembered[raw] = hits

    def _read_slowly(self, raw: bytes) -> tuple[Hit, ...]:
        """Read an attribute in an unusual encoding: a long key, or the value before the key."""
        try:
            key = bytes(wire.KeyValue.FromString(raw).key)
        except wire.DecodeError:
            return ()
        meanings = self._slots.get(key)
        return _hits(raw, meanings) if meanings else ()


KEY = 0x0A  # the tag of KeyValue.key


def _prefix(name: bytes) -> bytes:
    return bytes((KEY, len(name))) + name


def _hits(raw: bytes, meanings: tuple[Slot, ...]) -> tuple[Hit, ...]:
    try:
        any_value = wire.KeyValue.FromString(raw).value
    except wire.DecodeError:
        return ()
    plain = value(any_value)
    if plain is None:
        return ()
    hits = []
    for name, rank, convert in meanings:
        converted = convert(plain) if convert else plain
        if converted is not None:
            hits.append(Hit(name, rank, converted))
    if hits and len(raw) > REMEMBERED_LENGTH and is_cut(any_value):
        hits.append(Hit(CUT, 0, True))
    return tuple(hits)


@lru_cache(maxsize=8)
def plan(wanted: frozenset[str]) -> Plan:
    """Return the plan for reading `wanted`; the same object while flows do not change."""
    return Plan(wanted)
