"""Claims: what traces tell each other of the spans and messages that they have in common.

A trace tells each neighbour which events it knows at what they share, and why that matters there:
`above` goes down to the far side, `below` goes up to it; the others count where nothing else does.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from slatrack.domain.edges import Message

MAX_CLAIMED = 1_000  # events in one claim

Events = tuple[tuple[str, str], ...]  # (flow, key), sorted


class How(IntEnum):
    """What two traces share, as seen from one of them."""

    LINKS = 0  # a span of mine links to the other's span
    LINKED = 1  # a span of the other's links to my span
    WROTE = 2  # the other wrote the message
    READ = 3  # the other read the message


class Tie(NamedTuple):
    """Something that a trace shares with another one: a span of either, or a message."""

    how: How
    other: bytes
    span_id: bytes = b""
    message: Message | None = None


class Claims(NamedTuple):
    """What the other trace knows of what is shared; as `slatrack.domain.trees` has the words."""

    above: Events = ()
    below: Events = ()
    beside: Events = ()
    unsure: Events = ()
    trace: Events = ()
    cut: bool = False  # more events than are told

    @property
    def parts(self) -> tuple[Events, Events, Events, Events, Events]:
        """All that is claimed."""
        return self.above, self.below, self.beside, self.unsure, self.trace


NOTHING_CLAIMED = Claims()


def united(found: Iterable[Claims]) -> Claims:
    """Return the union of some claims, bounded."""
    some = list(found)
    parts = [sorted({event for one in some for event in one.parts[n]}) for n in range(5)]
    cut = any(one.cut for one in some) or any(len(part) > MAX_CLAIMED for part in parts)
    above, below, beside, unsure, trace = (tuple(part[:MAX_CLAIMED]) for part in parts)
    return Claims(above, below, beside, unsure, trace, cut)
