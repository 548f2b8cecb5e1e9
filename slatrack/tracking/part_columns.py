"""The parts of a journey as bytes that squeeze well: times as distances, sightings by columns.

What was put in comes out, whatever it is.
"""

from collections.abc import Mapping, Sequence
from itertools import repeat
from operator import add, sub
from typing import Any, NamedTuple

from msgspec import msgpack

from slatrack.domain.parts import Part, Sighting


class Seen(NamedTuple):
    """The sightings of a part, field by field in their order, those of one value shortened.

    Starts are counted from the part's, ends from the starts. New fields come last and have
    defaults: rows of earlier versions do not have them.
    """

    step: list[str]
    start: list[int]
    length: list[int]
    span_id: list[bytes]
    error: list[bool]
    service: list[str]
    by: list[str]
    shared: list[int]
    topic: list[str | None]
    partition: list[int | None]
    offset: list[int | None]


class _Part(NamedTuple):
    """One part; `captured` says how long after its start."""

    trace_id: bytes
    start: int
    length: int
    spans: int
    orphans: int
    truncated: bool
    captured: tuple[tuple[str, int, str | int | float | bool], ...]
    seen: Seen | None


_encoder = msgpack.Encoder()
_decoder = msgpack.Decoder(list[_Part])
_new = tuple.__new__  # knows the order of fields; quicker than by their names


def encode(parts: Mapping[bytes, Part]) -> bytes | None:
    """Return some parts, in order of trace id; None where their times are too far apart."""
    rows = [
        (
            trace_id, one.start, one.end - one.start, one.spans, one.orphans, one.truncated,
            [(name, at - one.start, value) for name, at, value in one.captured],
            _seen(one.sightings, one.start) if one.sightings else None,
        )
        for trace_id, one in sorted(parts.items())
    ]  # fmt: skip
    try:
        return _encoder.encode(rows)
    except OverflowError:
        return None


def _seen(sightings: Sequence[Sighting], begin: int) -> list[Sequence[Any]]:
    steps, starts, ends, ids, *said = zip(*sightings, strict=True)
    lengths, count = list(map(sub, ends, starts)), len(ids)
    short = [one[:1] if one.count(one[0]) == count else one for one in said]
    return [steps, [one - begin for one in starts], lengths, ids, *short]


def decode(data: bytes | memoryview) -> dict[bytes, Part]:
    """Return what `encode` was given, in order of trace id."""
    return {
        trace_id: _new(Part, (
            _sightings(seen, start) if seen else (), spans, start, start + length, orphans,
            truncated, tuple([(name, start + at, value) for name, at, value in captured]),
        ))
        for trace_id, start, length, spans, orphans, truncated, captured, seen
        in _decoder.decode(data)
    }  # fmt: skip


def _sightings(seen: Seen, begin: int) -> tuple[Sighting, ...]:
    said: Sequence[list[Any]]
    steps, later, lengths, ids, *said = seen
    starts, count = [begin + one for one in later], len(ids)
    columns: list[list[Any]] = [one * count if len(one) == 1 else one for one in said]
    rows = zip(steps, starts, map(add, starts, lengths), ids, *columns, strict=True)
    return tuple(map(_new, repeat(Sighting), rows))
