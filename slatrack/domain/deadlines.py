"""Deadlines: one rule applied to one journey, judged by evidence.

`judge` is a pure function of what was seen, of the instant and of how far the telemetry has been
read. A verdict is never worse than the evidence: "not seen" is a miss only once the telemetry has
been read beyond the due time and its grace. Until then it is waiting, and when the clock is well
past while the telemetry is not, unknown.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from slatrack.domain.attempts import StepSeen
from slatrack.domain.calendars import Calendars
from slatrack.domain.flows import DeadlineSpec
from slatrack.domain.instants import rfc3339, to_datetime
from slatrack.domain.rules import Clock, Due, State, due
from slatrack.domain.sentences import NOT_APPLICABLE
from slatrack.domain.states import Verdict

LATE = "reached late"  # the reason of a miss that was seen, not inferred from silence
SILENT = "not seen by then"  # the reason of one inferred from silence
PATIENCE = timedelta(seconds=5)  # telemetry this little behind is no news: keep waiting


class Seen(Protocol):
    """What a deadline looks at in an event: a journey, or the outline of one."""

    @property
    def clock(self) -> "Seen":
        """What its clocks run by."""

    @property
    def started(self) -> int:
        """The start of ingress, or the first sign."""

    @property
    def ingress(self) -> StepSeen | None:
        """The first ingress step."""

    @property
    def cancelled(self) -> int | None:
        """When it was cancelled."""

    @property
    def attributes(self) -> Mapping[str, str | int | float | bool]:
        """What it carries."""

    def seen(self, step: str) -> StepSeen | None:
        """What is known of a step."""

    def proof(self, until: str) -> tuple[int | None, bool]:
        """When what a deadline waits for was there, and whether that is proven."""


class Running(NamedTuple):
    """One deadline of one journey, computed: when it is due and what the spans say of it.

    `proven` is False while the start or the proof rests on weak evidence (ingress not seen yet,
    a span bound only by its trace): then it is judged when it is due, not before.
    """

    spec: DeadlineSpec
    due: Due
    reached_at: datetime | None
    proven: bool
    ended: str = ""  # why the deadline does not matter any more, where it does not

    @property
    def on_time(self) -> bool:
        """Whether the step was reached in time; meaningful only once it was reached."""
        if self.reached_at is None or self.due.due_at is None:
            return False
        return self.reached_at < self.due.due_at or (
            not self.due.strict and self.reached_at == self.due.due_at
        )


class Judgement(NamedTuple):
    """What holds now.

    `next_at` is the instant to which telemetry must have been read for it to change by silence
    (None: silence cannot change it).
    """

    verdict: Verdict
    warned: int  # how many warnings have been or are now to be told
    reason: str
    next_at: datetime | None


def run(journey: Seen, spec: DeadlineSpec, calendars: Calendars) -> Running | None:
    """Apply one deadline to one journey; None if it does not apply to such an event."""
    if not spec.applies(journey.attributes):
        return None
    answer = due(spec.rule, clock(journey, spec), calendars=calendars)
    if answer.state is State.NOT_APPLICABLE:
        return None
    reached, proven = journey.proof(spec.until)
    running = Running(
        spec=spec,
        due=answer,
        reached_at=to_datetime(reached) if reached is not None else None,
        proven=proven and _started(journey.clock, spec),
    )
    return running if journey.cancelled is None else _cancelled(running, journey.cancelled)


def _cancelled(running: Running, cancelled: int) -> Running:
    """A deadline that was still open when its event was cancelled matters no more."""
    at, due_at = to_datetime(cancelled), running.due.due_at
    if running.on_time or (due_at is not None and due_at < at):
        return running
    return running._replace(ended=f"{NOT_APPLICABLE}: the event was cancelled at {rfc3339(at)}")


def _started(journey: Seen, spec: DeadlineSpec) -> bool:
    """Whether the steps that the rule counts from were seen, and surely belong to this event."""
    steps = [journey.seen(name) for name in spec.start_steps]
    if "ingress" in spec.starts:
        if journey.ingress is None:
            return False
        steps.append(journey.ingress)
    return all(step is None or step.started for step in steps)


def clock(journey: Seen, spec: DeadlineSpec) -> Clock:
    """Return what the rule of `spec` counts from, as far as it is known."""
    by = journey.clock
    seen = [found for name in spec.start_steps if (found := by.seen(name))]
    return Clock(
        ingress=to_datetime(journey.started),
        steps={one.step: to_datetime(one.start) for one in seen},
        attributes=by.attributes,
    )


def judge(
    running: Running, *, now: datetime, watermark: datetime, grace: timedelta, warned: int = 0
) -> Judgement:
    """Judge one deadline at `now`, with the telemetry read up to `watermark`.

    `warned` is how many warnings were told before; they are told at most once each, and not at all
    once the step was reached. Warnings and misses need the telemetry to have been read that far.
    """
    due_at = running.due.due_at
    if due_at is None:
        reason = running.due.reasons[0] if running.due.reasons else "cannot calculate"
        started = running.due.state is not State.MISSING
        return Judgement(Verdict.UNKNOWN if started else Verdict.WAITING, warned, reason, None)
    if running.reached_at is not None and running.proven:
        return _settled(running, warned, "")
    if running.reached_at is not None and min(now, watermark) > due_at + grace:
        return _settled(running, warned, "rests on weak evidence: a span was never exported")
    warnings = () if running.reached_at is not None else sorted(running.due.warnings)
    return judge_unproven(
        due_at, warnings, now=now, watermark=watermark, grace=grace, warned=warned
    )


def judge_unproven(
    due_at: datetime,
    warnings: Sequence[datetime],
    *,
    now: datetime,
    watermark: datetime,
    grace: timedelta,
    warned: int,
) -> Judgement:
    """Judge a deadline of which no step was seen that proves it; `warnings` are in order."""
    read_to = min(now, watermark)
    if read_to > due_at + grace:
        return Judgement(Verdict.MISSED, warned, SILENT, None)
    end = ends(due_at, grace)
    if now > due_at + grace + PATIENCE:
        return Judgement(Verdict.UNKNOWN, warned, behind(now, watermark), end)
    points = [at for at in warnings if at < due_at]
    passed = sum(1 for at in points if at <= read_to)
    return Judgement(Verdict.WAITING, max(warned, passed), "", min([*points[passed:], end]))


def behind(now: datetime, watermark: datetime) -> str:
    """Return the reason of a deadline that cannot be known, with the telemetry read so far."""
    return f"telemetry {(now - watermark).total_seconds():.0f} s behind"


def ends(due_at: datetime, grace: timedelta) -> datetime:
    """Return to when telemetry must have been read for silence to mean a miss."""
    return due_at + grace + timedelta(microseconds=1)


def _settled(running: Running, warned: int, reason: str) -> Judgement:
    verdict = Verdict.MET if running.on_time else Verdict.MISSED
    return Judgement(verdict, warned, reason or ("" if running.on_time else LATE), None)
