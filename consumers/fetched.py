"""What a subscription hands on: records, and the claims that they were fetched under."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from consumers.partitions import Place

NO_JUMP = 0, math.inf


class ClaimError(Exception):
    """No partition can be claimed; the consumer starts over."""


class Fetched(NamedTuple):
    """Records, and the claims that they were fetched under: an epoch by topic and partition."""

    messages: list[Any]
    epochs: dict[Place, int]
    ends: dict[Place, int]  # where Kafka said that logs end, once these records are read
    more: bool  # as many as were asked for: there is a backlog


def before(jumps: Mapping[Place, tuple[int, int]], messages: Iterable[Any]) -> list[Any]:
    """Return the records before the gaps that `Partitions.follow` told."""
    return [m for m in messages if m.offset() < jumps.get((m.topic(), m.partition()), NO_JUMP)[1]]
