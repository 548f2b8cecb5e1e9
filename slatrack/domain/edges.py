"""Edges: what ties a span to spans elsewhere, and whether that makes them one event's.

Touching is not belonging. A consumer's link names the message that it reads, so both ends are one
event's. A producer's link names what its message was made of, and a state store's reader links to
who last wrote the value: such links are references, which are shown and never merged.
"""

from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple, Protocol

from slatrack.domain.operations import OPERATIONS
from slatrack.domain.spans import Kind, Link


class Side(IntEnum):
    """Which side of a message a span is on."""

    NONE = 0
    PRODUCES = 1
    CONSUMES = 2


class Message(NamedTuple):
    """The coordinates of one message."""

    topic: str
    partition: int
    offset: int


class Reference(NamedTuple):
    """A span of an event that another span touches; `why` tells what the former has to do there."""

    trace_id: bytes
    span_id: bytes
    why: str


# Operations by type (see OPERATIONS) that tell the side where the kind of a span does not.
CONSUMING = frozenset({"receive", "process"})
PRODUCING = frozenset({"send", "create"})

# What a link means: nothing more than that both ends are one event's, or what the far end did.
SAME_EVENT = ""
WENT_IN = "went into a message sent here"
LINKED = "linked from here"

# Words in the names of spans that tell what their links mean whatever the kind. The other word of
# such a name is the store's. A flushed cache carries on the event whose record it had kept back.
MEANINGS = {
    "state-store-get": "last wrote the value read from {store}",
    "state-store-fetch": "last wrote the value read from {store}",
    "state-store-range": "last wrote a value read from {store}",
    "state-store-all": "last wrote a value read from {store}",
    "state-store-put": "last wrote the value replaced in {store}",
    "state-store-delete": "last wrote the value deleted from {store}",
    "ktable-lookup": "last wrote the value looked up in {store}",
    "ktable-join": "last wrote the value joined from {store}",
    "aggregate": "last changed what is aggregated in {store}",
    "cache-flush": SAME_EVENT,
}


@lru_cache(maxsize=1_000)
def side(kind: int, operation: str | None) -> Side:
    """Return which side of a message a span of this kind and type of operation is on."""
    if kind == Kind.CONSUMER:
        return Side.CONSUMES
    if kind == Kind.PRODUCER:
        return Side.PRODUCES
    if operation in CONSUMING:
        return Side.CONSUMES
    return Side.PRODUCES if operation in PRODUCING else Side.NONE


class Placed(Protocol):
    """A span or fact, for what it says of messages."""

    @property
    def topic(self) -> str | None: ...
    @property
    def partition(self) -> int | None: ...
    @property
    def offset(self) -> int | None: ...
    @property
    def links(self) -> tuple[Link, ...]: ...


def messages(one: Placed, on: int) -> tuple[Message, ...]:
    """Return the messages that a span on the side `on` wrote or read, where it says which."""
    places = [(one.topic, one.partition, one.offset)]
    if on == Side.CONSUMES:
        places += [(link.topic, link.partition, link.offset) for link in one.links]
    elif on == Side.NONE:
        return ()
    found = {
        Message(topic, partition, offset): None
        for topic, partition, offset in places
        if topic and partition is not None and offset is not None
    }
    return tuple(found)


def meaning(kind: int, name: str, operation: str | None) -> str:
    """Return what the spans that such a span links to have to do with it; SAME_EVENT if one."""
    words = name.split(maxsplit=2)
    for word in words:
        said = MEANINGS.get(word.lower())
        if said is not None:
            return said.format(store=_store(words, word))
    match side(kind, operation):
        case Side.CONSUMES:
            return SAME_EVENT
        case Side.PRODUCES:
            return WENT_IN
        case Side.NONE:
            return LINKED


def _store(words: list[str], verb: str) -> str:
    others = [word for word in words if word != verb and word.lower() not in OPERATIONS]
    return others[0] if others else "its store"
