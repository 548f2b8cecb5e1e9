"""The layout of a span as nearly all exporters write it: ids, name, kind, times, attributes, rest.

A regular expression walks it field by field, in C: lengths are honoured, so that nothing inside a
value is ever taken for a field. It stops at the attributes that somebody reads, and at anything
unusual. What it does not match has another layout, no other meaning: protobuf reads that.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from slatrack.otlp import wire
from slatrack.otlp.cleaning import failed

ATTRIBUTE = 0x4A  # the tag of Span.attributes
CAPTURED = 4  # wanted attributes; more of them are found one by one
LONG = 32  # attributes of 128 bytes and more; a span with more of them is read by protobuf
REMEMBERED = 1_000  # tails
REMEMBERED_LENGTH = 24  # bytes

# A length below 128 and as many bytes. Linear, but quicker than any tree of alternatives: those
# come first that most attributes have.
_SIZES = (*range(16, 64), *range(2, 16), *range(64, 128))
_SIZED = b"(?:" + b"|".join(b"\\x%02x.{%d}" % (size, size) for size in _SIZES) + b")"
_HEAD = (
    rb"\x0a\x10(?!\x00{16})(.{16})\x12\x08(?!\x00{8})(.{8})"
    rb"(?:\x22(?:\x08(?!\x00{8})(.{8})|\x00))?"
    rb"\x2a(" + _SIZED + rb")(?:\x30([\x00-\x05]))?\x39(.{8}\x41.{8})"
)


class Tail(NamedTuple):
    """What comes after the attributes of a span."""

    failed: bool
    links: Sequence[bytes]
    dropped_links: int


class Layout:
    """Where things are in the raw spans of a reader of the attributes called `names`."""

    def __init__(self, names: Iterable[bytes]) -> None:
        others = _others(names)
        # Groups: trace id, span id, parent id, name with its length, kind, start and end, and the
        # first attributes that may be wanted, with their lengths.
        self.head = re.compile(_HEAD + _first(others), re.DOTALL).match
        # It matches anything, so that each match begins where the one before has ended.
        self._walk = re.compile(others + rb"(?:\x4a(" + _SIZED + rb")|(.*))", re.DOTALL).findall
        self._tails: dict[bytes, Tail] = {}

    def rest(self, raw: bytes, at: int, wanted: list[bytes]) -> Tail | None:
        """Add the attributes to `wanted` that may be it from `at` on; None: unusual."""
        for _ in range(LONG):
            left = b""
            for sized, after in self._walk(raw, at):
                if not sized:
                    left = after
                    break
                wanted.append(sized[1:])
            if not left:
                return NO_TAIL
            if left[0] != ATTRIBUTE:
                return self._tail(left)
            begin = len(raw) - len(left)
            size = _long(left)
            at = begin + 3 + size
            if not size or at > len(raw):
                break
            wanted.append(raw[begin + 3 : at])
        return None

    def _tail(self, raw: bytes) -> Tail | None:
        known = self._tails.get(raw)
        if known is not None:
            return known
        sent = wire.Tail.FromString(raw)
        if sent.WhichOneof("value") is not None:
            return None  # a field of the head comes again, and the last one counts
        tail = Tail(failed(sent.status), sent.links, sent.dropped_links)
        if len(raw) <= REMEMBERED_LENGTH and not tail.links:
            if len(self._tails) >= REMEMBERED:
                self._tails.clear()
            tail = self._tails[raw] = tail._replace(links=())
        return tail


NO_TAIL = Tail(False, (), 0)


def _first(others: bytes) -> bytes:
    """Return a pattern for attributes that captures the first ones that are none of `others`."""
    pattern = others
    for _ in range(CAPTURED):
        pattern = others + rb"(?:\x4a(" + _SIZED + rb")" + pattern + rb")?"
    return pattern


def _long(field: bytes) -> int:
    """Return the size of a field whose length takes two bytes; 0: it takes more, or one."""
    if len(field) < 3 or field[1] < 128 or field[2] > 127:
        return 0
    return field[1] & 127 | field[2] << 7


def _others(names: Iterable[bytes]) -> bytes:
    """Return a pattern for attributes, as many as there are, that have none of these names."""
    by_length: dict[int, list[bytes]] = defaultdict(list)
    for name in names:
        if len(name) < 128:
            by_length[len(name)].append(re.escape(name))
    free = b"".join(b"\\x%02x" % size for size in range(128) if size not in by_length)
    taken = [
        b"|\\x%02x(?!%s)" % (size, b"|".join(same)) for size, same in sorted(by_length.items())
    ]
    other = rb"(?=.\x0a(?:[" + free + rb"]" + b"".join(taken) + rb"))"
    return rb"(?:\x4a" + other + _SIZED + rb")*"
