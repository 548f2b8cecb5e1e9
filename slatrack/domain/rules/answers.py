"""What evaluating a rule gives: inside, for composing; outside, for judging."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from slatrack.domain.rules.parts import Before, Warn


class State(StrEnum):
    DUE = "due"
    NOT_APPLICABLE = "not_applicable"  # the rule does not concern such an event
    MISSING = "missing"  # what it counts from is not known (yet)
    CANNOT_CALCULATE = "cannot_calculate"  # a calendar ends before, or no such date exists


class Answer(NamedTuple):
    """One rule's answer, before its warnings are worked out."""

    state: State
    due_at: datetime | None = None
    started_at: datetime | None = None
    strict: bool = False
    reasons: tuple[str, ...] = ()
    warn: tuple[Warn, ...] = ()


class Due(NamedTuple):
    """When something is due, or why that is not said.

    On time is `reached < due_at` where `strict` (a deadline at 24:00), else `reached <= due_at`.
    `warnings` are in the document's order and never before the start. Where `due_at` is None the
    first of `reasons` says why, and `state` says whether that is worth an alarm.
    """

    due_at: datetime | None
    started_at: datetime | None
    strict: bool
    warnings: tuple[datetime, ...]
    reasons: tuple[str, ...]
    state: State = State.DUE


def warning_at(warn: Warn, started_at: datetime, due_at: datetime) -> datetime:
    """Return when to warn: between start and deadline, if they are in that order.

    A deadline before its start (an hour before departure) is warned of before itself, unclamped;
    a fraction of the time allowed has no meaning there, and warns at the deadline.
    """
    if isinstance(warn, Before):
        at = due_at - warn.amount
        return max(at, started_at) if started_at <= due_at else at
    if due_at < started_at:
        return due_at
    allowed = (due_at - started_at) // timedelta(microseconds=1)
    return started_at + timedelta(microseconds=round(allowed * warn.fraction))
