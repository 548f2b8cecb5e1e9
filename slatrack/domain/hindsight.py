"""Hindsight: how a deadline would have gone for an event that is on record.

The verdict is `judge`'s. Warnings are those that were passed while the step had not been
reached, as if telemetry had come without delay: how late it was then nobody can say any more.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from slatrack.domain.calendars import Calendars
from slatrack.domain.deadlines import Running, Seen, judge, run
from slatrack.domain.flows import DeadlineSpec
from slatrack.domain.states import Verdict


class Outcome(StrEnum):
    """How a deadline went for one event."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    NOT_APPLICABLE = "not_applicable"


_OF_VERDICT = {verdict: Outcome(verdict.value) for verdict in Verdict}


class Hindsight(NamedTuple):
    """How it went; `margin` is by how many seconds it was late (below zero: to spare).

    Of a step that was not reached `margin` says how late it is by now; None without a due time.
    """

    outcome: Outcome
    warned: tuple[datetime, ...] = ()
    due_at: datetime | None = None
    reached_at: datetime | None = None
    margin: float | None = None
    reason: str = ""


NOT_APPLICABLE = Hindsight(Outcome.NOT_APPLICABLE)


class Evidence(NamedTuple):
    """When one looks back, how far the telemetry had been read by then, and by which calendars."""

    now: datetime
    watermark: datetime
    calendars: Calendars


def look_back(seen: Seen, spec: DeadlineSpec, evidence: Evidence, grace: timedelta) -> Hindsight:
    """Return how a deadline went for one event."""
    running = run(seen, spec, evidence.calendars)
    if running is None or running.ended:
        return NOT_APPLICABLE
    now, watermark, _ = evidence
    judged = judge(running, now=now, watermark=watermark, grace=grace)
    due_at, reached_at = running.due.due_at, running.reached_at
    if due_at is None:
        return Hindsight(_OF_VERDICT[judged.verdict], reason=judged.reason)
    read_to = min(now, watermark)
    late = (reached_at or read_to) - due_at
    return Hindsight(
        _OF_VERDICT[judged.verdict],
        _warned(running, read_to) if running.due.warnings else (),
        due_at,
        reached_at,
        late.total_seconds(),
        judged.reason,
    )


def _warned(running: Running, read_to: datetime) -> tuple[datetime, ...]:
    due_at, reached_at = running.due.due_at, running.reached_at
    end = read_to if reached_at is None else min(read_to, reached_at)
    return tuple(
        at
        for at in running.due.warnings
        if at <= end and at != reached_at and due_at is not None and at < due_at
    )
