"""What a subscription hands on: records, and the claims that they were fetched under."""

from typing import Any, NamedTuple

from consumers.partitions import Place


class ClaimError(Exception):
    """No partition can be claimed; the consumer starts over."""


class Fetched(NamedTuple):
    """Records, and the claims that they were fetched under: an epoch by topic and partition."""

    messages: list[Any]
    epochs: dict[Place, int]
    ends: dict[Place, int]  # where Kafka said that logs end, once these records are read
    more: bool  # as many as were asked for: there is a backlog
