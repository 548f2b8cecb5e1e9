"""What can go wrong with a record, as others see it."""

from typing import NamedTuple


class Undecodable(ValueError):
    """A record that nobody can read; the text says why."""


class Rejected(NamedTuple):
    """Spans of a readable record that cannot be used, all for one reason.

    `raw` is an OTLP request that holds just them, so that they can be replayed.
    """

    reason: str
    raw: bytes
    spans: int
