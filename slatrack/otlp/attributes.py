"""Attributes: the wanted ones of a span, found without decoding the others.

This is the inner loop of everything. Most attributes repeat from span to span byte for byte (topic,
group, method …): those are read once and remembered. The rest is told apart by the encoded key.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from slatrack.domain.spans import NO_ATTRIBUTES, Value
from slatrack.otlp import wire
from slatrack.otlp.layout import Layout
from slatrack.otlp.namings import Naming
from slatrack.otlp.services import derived_slots
from slatrack.otlp.values import REPLACEMENT, is_cut, value, varint
from slatrack.otlp.vocabulary import Slot, slots

CUT = "slatrack.cut"  # marks a span of which some value is kept only in part
REMEMBERED = 20_000  # attributes
REMEMBERED_PER_KEY = 256  # a key with more values (ids, offsets) is read each time
REMEMBERED_LENGTH = 128  # bytes
RECENT = 4_000  # attributes of such keys: an event's key comes with each of its spans
KEY, VALUE = 0x0A, 0x12  # the tags of KeyValue's fields
STRING, INT = 0x0A, 0x18  # the tags of AnyValue's string_value and int_value

Found = Mapping[str, Value]
Hits = tuple[tuple[str, int, Value], ...]  # newest name, rank among its synonyms, value
Slots = tuple[Slot, ...]


class Plan:
    """Reads the attributes that the vocabulary and `wanted` name. Safe to share by threads."""

    def __init__(self, wanted: frozenset[str], namings: tuple[Naming, ...] = ()) -> None:
        self._wanted = tuple(sorted(wanted | {CUT}))
        self.asked = wanted | {CUT}
        meanings = slots(wanted)
        for name, slot in derived_slots(namings):
            meanings[name] = (*meanings.get(name, ()), slot)
        self._slots = {name.encode(): found for name, found in meanings.items()}
        self._by_prefix = {_prefix(name): s for name, s in self._slots.items() if len(name) < 128}
        self.layout = Layout(self._slots)
        self.remembered: dict[bytes, Hits] = {}
        self._values_of: dict[bytes, int] = {}
        self._various: set[bytes] = set()
        self._recent: dict[bytes, Hits] = {}

    def read(self, raws: Iterable[bytes]) -> Found:
        """Return values by newest name. Of synonyms the newest wins, of equals the first."""
        found: dict[str, Value] = {}
        ranks: dict[str, int] = {}
        remembered, learn = self.remembered.get, self.learn
        for raw in raws:
            hits = remembered(raw)
            if hits is None:
                hits = learn(raw)
            for name, rank, sent in hits:
                if name not in found or (ranks and rank < ranks.get(name, 0)):
                    found[name] = sent
                    if rank:
                        ranks[name] = rank
        return found

    def attributes(self, found: Found) -> Mapping[str, Value]:
        """Return what of `found` somebody asked for."""
        if len(found) >= len(self._wanted):
            return {name: found[name] for name in self._wanted if name in found} or NO_ATTRIBUTES
        asked = [name for name in found if name in self.asked]
        if len(asked) > 1:
            asked.sort()
        return {name: found[name] for name in asked} or NO_ATTRIBUTES

    def learn(self, raw: bytes) -> Hits:
        """Return what a raw attribute means; remember it unless its key has too many values."""
        if (hits := self._recent.get(raw)) is not None:
            return hits
        prefix = raw[: raw[1] + 2] if len(raw) > 1 else raw
        meanings = self._by_prefix.get(prefix)
        if prefix not in self._various:
            return self._remember(raw, prefix, meanings)
        if not meanings:
            return ()
        hits = _hits(raw, len(prefix), meanings)
        if len(raw) <= REMEMBERED_LENGTH:
            if len(self._recent) >= RECENT:
                self._recent.clear()
            self._recent[raw] = hits
        return hits

    def _remember(self, raw: bytes, prefix: bytes, meanings: Slots | None) -> Hits:
        if meanings is None:
            meanings = self._unusual(raw)
        hits = _hits(raw, len(prefix), meanings) if meanings else ()
        if len(raw) > REMEMBERED_LENGTH:
            return hits
        if len(self.remembered) >= REMEMBERED:
            self._forget()
        self.remembered[raw] = hits
        count = self._values_of[prefix] = self._values_of.get(prefix, 0) + 1
        if count >= REMEMBERED_PER_KEY and _is_usual(raw):
            self._various.add(prefix)
        return hits

    def _forget(self) -> None:
        self.remembered.clear()
        self._values_of.clear()
        self._various.clear()

    def _unusual(self, raw: bytes) -> Slots | None:
        """Return what an attribute in an unusual encoding means: a long key, the value first."""
        if _is_usual(raw):
            return None
        try:
            return self._slots.get(bytes(wire.KeyValue.FromString(raw).key))
        except wire.DecodeError:
            return None


def _prefix(name: bytes) -> bytes:
    return bytes((KEY, len(name))) + name


def _is_usual(raw: bytes) -> bool:
    """Whether the key comes first and is short, so that all of its attributes begin alike."""
    return len(raw) > 1 and raw[0] == KEY and raw[1] < 128


def _hits(raw: bytes, at: int, meanings: Slots) -> Hits:
    """Return what a raw KeyValue means whose value begins at `at`.

    Short strings and small integers in the usual encoding, which nearly all are, need no protobuf.
    """
    size = len(raw) - at
    if not 4 <= size < 128 or raw[at] != VALUE or raw[at + 1] != size - 2:
        return _decoded(raw, meanings)
    sent: Value | None = None
    if raw[at + 2] == STRING and raw[at + 3] == size - 4:
        text = raw[at + 4 :].decode("utf-8", "replace")
        sent = text if "\0" not in text else text.replace("\0", REPLACEMENT)
    elif raw[at + 2] == INT:
        sent = varint(raw[at + 3 :])
    if sent is None:
        return _decoded(raw, meanings)
    if len(meanings) > 1:
        return _converted(sent, meanings)
    name, rank, convert = meanings[0]
    if convert is not None:
        sent = convert(sent)
    return ((name, rank, sent),) if sent is not None else ()


def _converted(sent: Value, meanings: Slots) -> Hits:
    found = [(name, rank, convert(sent) if convert else sent) for name, rank, convert in meanings]
    return tuple([(name, rank, value) for name, rank, value in found if value is not None])


def _decoded(raw: bytes, meanings: Slots) -> Hits:
    try:
        any_value = wire.KeyValue.FromString(raw).value
    except wire.DecodeError:
        return ()
    sent = value(any_value)
    hits = () if sent is None else _converted(sent, meanings)
    return (*hits, (CUT, 0, True)) if hits and is_cut(any_value) else hits


@lru_cache(maxsize=8)
def plan(wanted: frozenset[str], namings: tuple[Naming, ...] = ()) -> Plan:
    """Return the plan for reading `wanted`; the same object while flows do not change."""
    return Plan(wanted, namings)
