"""The facts of a trace as bytes that squeeze well: column by column, alike next to alike.

Ids stand in one string, parents are named by their place, times are distances from the earliest,
and what all spans say alike is there once. What was put in comes out, whatever it is.
"""

from collections.abc import Mapping, Sequence
from itertools import repeat
from operator import add, attrgetter, sub
from typing import Any, NamedTuple

from msgspec import msgpack

from slatrack.domain.claims import Claims, Tie
from slatrack.domain.facts import SAYS_NOTHING, Captured, Fact
from slatrack.domain.spans import Link, Span

ID = 8  # bytes of a span's id
Pairs = tuple[tuple[str, str], ...]


class Said(NamedTuple):
    """What the spans say besides their place and time: the other fields of Fact, in its order.

    A column is as long as the trace, or of one value that all have. A new field of Fact is one
    here, with `[default]` as default: rows of earlier versions do not have it.
    """

    kind: list[int]
    error: list[bool]
    service: list[str]
    name: list[str]
    topic: list[str | None]
    partition: list[int | None]
    offset: list[int | None]
    keys: list[Pairs]
    steps: list[Pairs]
    captured: list[Captured]
    links: list[tuple[Link, ...]]
    dropped_links: list[int]
    side: list[int]
    meaning: list[str]
    by_message_key: list[tuple[str, ...]]
    instead: list[Pairs]


class _Columns(NamedTuple):
    """All that a Trace row holds."""

    blocks: tuple[int, ...]
    truncated: bool
    given: tuple[tuple[Tie, Claims], ...]
    begin: int
    ids: bytes
    parents: list[int | bytes]
    starts: list[int]
    lengths: list[int]
    said: Said


Held = tuple[tuple[int, ...], bool, Sequence[tuple[Tie, Claims]]]  # blocks, truncated, given

_CAPTURED = Said._fields.index("captured")
_encoder = msgpack.Encoder()
_decoder = msgpack.Decoder(_Columns)
_place = attrgetter("span_id", "parent_id", "kind", "start", "end")
_MUTE = tuple((said,) for said in SAYS_NOTHING)
_new = tuple.__new__  # knows the order of a fact's fields; quicker than by their names


def encode(facts: Mapping[bytes, Fact], held: Held) -> bytes | None:
    """Return these facts and what else the row holds; None where columns cannot hold them."""
    if not facts or set(map(len, facts)) != {ID}:
        return None
    ids, parents, starts, ends, *said = zip(*facts.values(), strict=True)
    begin, places = min(starts), dict(zip(ids, range(len(ids)), strict=True))
    columns = (
        *held, begin, b"".join(ids), list(map(places.get, parents, parents)),
        [start - begin for start in starts], list(map(sub, ends, starts)), _once(said, len(ids)),
    )  # fmt: skip
    try:
        return _encoder.encode(columns)
    except OverflowError:  # times that are further apart than any clock
        return None


def encode_mute(spans: Sequence[Span], blocks: tuple[int, ...]) -> bytes:
    """Return what `encode` does for the facts of these spans, which are mute, each there once."""
    ids, parents, kinds, starts, ends = zip(*map(_place, spans), strict=True)
    begin, places = min(starts), dict(zip(ids, range(len(ids)), strict=True))
    if kinds.count(kinds[0]) == len(kinds):
        kinds = kinds[:1]
    return _encoder.encode((
        blocks, False, (), begin, b"".join(ids), list(map(places.get, parents, parents)),
        [start - begin for start in starts], list(map(sub, ends, starts)), (kinds, *_MUTE),
    ))  # fmt: skip


def _once(said: Sequence[tuple[Any, ...]], count: int) -> list[tuple[Any, ...]]:
    """Return the columns, those of one value shortened; of captured values 1 equals True."""
    short = [one[:1] if one.count(one[0]) == count else one for one in said]
    if any(said[_CAPTURED]):
        short[_CAPTURED] = said[_CAPTURED]
    return short


def decode(data: bytes | memoryview) -> tuple[dict[bytes, Fact], Held]:
    """Return what `encode` was given."""
    blocks, truncated, given, begin, packed, places, later, lengths, said = _decoder.decode(data)
    ids = [packed[at : at + ID] for at in range(0, len(packed), ID)]
    starts = [begin + one for one in later]
    parents = [ids[one] if one.__class__ is int else one for one in places]
    columns = [one * len(ids) if len(one) == 1 else one for one in said]
    rows = zip(ids, parents, starts, map(add, starts, lengths), *columns, strict=True)
    return dict(zip(ids, map(_new, repeat(Fact), rows), strict=False)), (blocks, truncated, given)
