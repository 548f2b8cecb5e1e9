"""Messaging: which message a span speaks of, as far as its instrumentation can be trusted."""

import re
from collections.abc import Sequence
from functools import lru_cache

from slatrack.domain.operations import OPERATIONS, operation_type
from slatrack.domain.spans import Kind, Link
from slatrack.otlp import wire
from slatrack.otlp.attributes import Found, Plan
from slatrack.otlp.vocabulary import (
    MESSAGE_ID,
    OFFSET,
    OPERATION,
    OPERATION_NAME,
    PARTITION,
    TOPIC,
    whole,
)

MAX_LINKS = 1_000  # the SDKs' default is 128


# Topic, partition, offset, and what was done with the message.
Message = tuple[str | None, int | None, int | None, str | None]
NO_MESSAGE: Message = (None, None, None, None)

# Instrumentations whose PRODUCER spans name a wrong place: scope (by its beginning), span name
# (empty: any), what is wrong. Consumers are always right about what they read.
WRONG_IN_PRODUCERS = (
    ("io.smallrye.reactive.messaging", "", "offset"),  # always 0
    ("opentelemetry.instrumentation.kafka", "", "partition"),  # guessed where there is no key
    ("checkout", "orders publish", "partition"),  # opentelemetry-demo: read before sending, so 0
)
# Scopes that give the offset as the message id alone.
OFFSET_AS_MESSAGE_ID = "otelsarama"
NO_TOPIC = "unknown"  # what the Java agent writes into a name for none, or for several
_SEVERAL = re.compile(r"[,(]")


def message(found: Found, kind: int, name: str, scope: str, links: Sequence[Link]) -> Message:
    """Return what a span with the attributes `found` says of a message."""
    topic, said = found.get(TOPIC), found.get(OPERATION) or found.get(OPERATION_NAME)
    if topic is None and said is None and kind not in (Kind.PRODUCER, Kind.CONSUMER):
        return NO_MESSAGE
    topic = str(topic) if topic is not None else _topic(name, links)
    operation = str(said) if said is not None else _from_name(name)[1]
    partition, offset = number(found, PARTITION), number(found, OFFSET)
    if offset is None and MESSAGE_ID in found:
        partition, offset = _from_message_id(found, topic, partition, scope)
    if kind == Kind.PRODUCER and (wrong := _wrong(scope, name)):
        partition = None if "partition" in wrong else partition
        offset = None if "offset" in wrong else offset
    return topic, partition, offset, operation


def _topic(name: str, links: Sequence[Link]) -> str | None:
    linked = {link.topic for link in links if link.topic}
    return linked.pop() if len(linked) == 1 else _from_name(name)[0]


def number(found: Found, name: str) -> int | None:
    """Return a partition or offset, which the vocabulary has made a number if it was one."""
    value = found.get(name)
    return value if isinstance(value, int) else None


@lru_cache(maxsize=10_000)
def _from_name(name: str) -> tuple[str | None, str | None]:
    """Return topic and operation of names like "orders process", "poll orders", "recv"."""
    words = [word for word in name.split() if word.lower() != "kafka"]
    verbs = [word for word in words if word.lower() in OPERATIONS]
    if len(verbs) != 1 or len(words) > 2:
        return None, None
    topic = next((w for w in words if w != verbs[0] and not _SEVERAL.search(w)), None)
    topic = None if topic == NO_TOPIC else topic
    return topic, operation_type(verbs[0])


def _from_message_id(
    found: Found, topic: str | None, partition: int | None, scope: str
) -> tuple[int | None, int | None]:
    """Python's instrumentations write topic.partition.offset, Go's sarama just the offset."""
    words = str(found[MESSAGE_ID]).rsplit(".", 2)
    if len(words) == 3 and words[0] == topic:
        place = whole(words[1]), whole(words[2])
        return place if None not in place else (partition, None)
    return partition, whole(words[0]) if len(words) == 1 and OFFSET_AS_MESSAGE_ID in scope else None


@lru_cache(maxsize=10_000)
def _wrong(scope: str, name: str) -> frozenset[str]:
    return frozenset(
        what
        for start, span_name, what in WRONG_IN_PRODUCERS
        if scope.startswith(start) and span_name in ("", name)
    )


def read_links(raws: Sequence[bytes], plan: Plan) -> tuple[tuple[Link, ...], int]:
    """Return the links that name a span, and how many were left out as too many."""
    links = [link for raw in raws[:MAX_LINKS] if (link := _link(raw, plan)) is not None]
    return tuple(links), max(0, len(raws) - MAX_LINKS)


def _link(raw: bytes, plan: Plan) -> Link | None:
    try:
        sent = wire.Link.FromString(raw)
    except wire.DecodeError:
        return None
    if not usable(sent.trace_id, 16) or not usable(sent.span_id, 8):
        return None
    if not sent.attributes:
        return Link(sent.trace_id, sent.span_id)
    found = plan.read(sent.attributes)
    topic = str(found[TOPIC]) if TOPIC in found else None
    partition, offset = number(found, PARTITION), number(found, OFFSET)
    return Link(sent.trace_id, sent.span_id, topic, partition, offset)


def usable(identifier: bytes, length: int) -> bool:
    """Whether `identifier` is as long as it must be, and not all zeros."""
    return len(identifier) == length and any(identifier)


def complete(links: tuple[Link, ...], topic: str | None, partition: int | None) -> tuple[Link, ...]:
    """Give links with an offset the topic and partition that the span says for all of them."""
    if all(link.offset is None or link.topic for link in links):
        return links
    return tuple(_completed(link, topic, partition) for link in links)


def _completed(link: Link, topic: str | None, partition: int | None) -> Link:
    if link.offset is None:
        return link
    return link._replace(
        topic=link.topic or topic,
        partition=partition if link.partition is None else link.partition,
    )
