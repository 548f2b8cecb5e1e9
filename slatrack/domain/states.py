"""The states of a journey and of a deadline."""

from enum import StrEnum


class Status(StrEnum):
    """Where a journey stands."""

    IN_FLIGHT = "in_flight"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    CANCELLED = "cancelled"


class Verdict(StrEnum):
    """What is known of a deadline."""

    WAITING = "waiting"
    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"
