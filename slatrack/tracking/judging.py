"""Judging: from a folded journey and what was decided before to rows and flips. No database here.

Spans decide at once (`silent=False`, the recorder); silence decides only when the telemetry has
been read far enough (`silent=True`, the watcher). Decided verdicts change only on new evidence.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from slatrack.domain.deadlines import Judgement, Running, judge, run
from slatrack.domain.flows import DeadlineSpec
from slatrack.domain.instants import to_datetime
from slatrack.domain.journeys import Journey
from slatrack.domain.rules import Due
from slatrack.domain.states import Status, Verdict
from slatrack.tracking.flows import Flows, RuleInForce

logger = logging.getLogger(__name__)

FAILED_AFTER = timedelta(seconds=10)  # a retry may still come before a failure is told


@dataclass(frozen=True, slots=True)
class Decided:
    """A deadline of a journey as it stands: the columns of its row."""

    name: str
    version: int
    severity: str
    started_at: datetime | None
    due_at: datetime | None
    strict: bool
    grace: timedelta
    warnings: tuple[datetime, ...]
    warned: int = 0
    verdict: Verdict = Verdict.WAITING
    reached_at: datetime | None = None
    reason: str = ""
    watermark: datetime | None = None
    flip_count: int = 0
    next_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits for something that may still come."""
        return self.verdict in (Verdict.WAITING, Verdict.UNKNOWN) and self.due_at is not None


@dataclass(frozen=True, slots=True)
class Flipped:
    """A change to record; `number` counts the changes of one deadline, or of the status."""

    journey_id: UUID
    deadline: str
    version: int
    number: int
    about: str
    before: str
    after: str
    severity: str
    step: str
    at: datetime
    due_at: datetime | None
    watermark: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of a journey's status before: failed, lost or nothing, and how often."""

    status: str = ""
    flip_count: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A journey with everything decided about it."""

    status: Status
    deadlines: tuple[Decided, ...]
    told: Told
    next_at: datetime | None
    flips: tuple[Flipped, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """When a judgement is made, and how far the telemetry has been read by then."""

    now: datetime
    watermark: datetime
    silent: bool


def judge_journey(
    journey: Journey,
    journey_id: UUID,
    known: Mapping[str, Decided],
    told: Told,
    flows: Flows,
    moment: Moment,
) -> Judged:
    """Decide every deadline and the status of `journey`, given what was decided before."""
    flips: list[Flipped] = []
    decided = []
    chosen = flows.rules_for(journey.flow.name, to_datetime(journey.started))
    for name, rule in _with_version_kept(chosen, known, journey.flow.name, flows).items():
        running = _run(journey, rule.spec, flows)
        before = known.get(name)
        if running is not None:
            fresh = _fresh(running, rule, before, flows)
            moved = before is not None and before.due_at not in (None, fresh.due_at)
            after, changes = _decide(fresh, running, moment, moved=moved)
            decided.append(after)
            flips += [replace(f, journey_id=journey_id, step=journey.last.step) for f in changes]
    status, told, changes = _status(journey, told, moment)
    flips += [replace(f, journey_id=journey_id, step=journey.last.step) for f in changes]
    nexts = [d.next_at for d in decided if d.next_at] + _status_next(journey, status, told)
    return Judged(status, tuple(decided), told, min(nexts, default=None), tuple(flips))


def _run(journey: Journey, spec: DeadlineSpec, flows: Flows) -> Running | None:
    """Run one deadline; one that breaks is told as unknown and stops no other."""
    try:
        return run(journey, spec, flows.calendars)
    except Exception:
        logger.exception("deadline %r of %s broke on %s", spec.name, journey.flow.name, journey.key)
        return Running(
            spec, Due(None, None, False, (), ("this rule broke: see the log",)), None, True
        )


def _with_version_kept(
    chosen: Mapping[str, RuleInForce], known: Mapping[str, Decided], flow: str, flows: Flows
) -> dict[str, RuleInForce]:
    """The rules to judge by: a decided verdict keeps the version that it was made with."""
    rules = dict(chosen)
    for name, decided in known.items():
        versions = {v.version: v for v in flows.rules.get(flow, {}).get(name, ())}
        if decided.version in versions and (name not in rules or not decided.is_open):
            rules[name] = versions[decided.version]
    return rules


def _fresh(running: Running, rule: RuleInForce, before: Decided | None, flows: Flows) -> Decided:
    """The deadline as its rule now computes it, with what was decided of it before."""
    due = running.due
    fresh = Decided(
        name=running.spec.name,
        version=rule.version,
        severity=running.spec.severity,
        started_at=due.started_at,
        due_at=due.due_at,
        strict=due.strict,
        grace=flows.grace(running.spec),
        warnings=tuple(sorted(due.warnings)),
    )
    if before is None:
        return fresh
    return replace(
        fresh,
        warned=before.warned,
        verdict=before.verdict,
        reached_at=before.reached_at,
        reason=before.reason,
        watermark=before.watermark,
        flip_count=before.flip_count,
    )


def _decide(
    known: Decided, running: Running, moment: Moment, *, moved: bool
) -> tuple[Decided, list[Flipped]]:
    proven = running.reached_at is not None and running.proven
    if known.due_at is None:
        judged = judge(running, now=moment.now, watermark=moment.watermark, grace=known.grace)
        return replace(known, verdict=judged.verdict, reason=judged.reason, next_at=None), []
    if not moment.silent and not proven:
        judged = _undecided(known, running, moved=moved)
    else:
        judged = judge(
            running,
            now=moment.now,
            watermark=moment.watermark,
            grace=known.grace,
            warned=known.warned,
        )
    after = replace(
        known,
        verdict=judged.verdict,
        warned=judged.warned,
        reached_at=running.reached_at,
        reason=judged.reason,
        next_at=judged.next_at,
    )
    flips = _flips(known, after, moment)
    decided_with = min(moment.watermark, moment.now) if flips else known.watermark
    return replace(after, flip_count=known.flip_count + len(flips), watermark=decided_with), flips


def _undecided(known: Decided, running: Running, *, moved: bool) -> Judgement:
    """Without proof the recorder leaves what was decided, and says when the watcher must look.

    A verdict by silence about a due time that no longer holds is open again.
    """
    verdict, reason = known.verdict, known.reason
    if moved and verdict is not Verdict.WAITING:
        verdict, reason = Verdict.WAITING, "its due time changed"
    if verdict in (Verdict.MET, Verdict.MISSED) or known.due_at is None:
        return Judgement(verdict, known.warned, reason, None)
    points = [at for at in known.warnings[known.warned :] if running.reached_at is None]
    end = known.due_at + known.grace + timedelta(microseconds=1)
    return Judgement(verdict, known.warned, reason, min([*points, end]))


def _flips(known: Decided, after: Decided, moment: Moment) -> list[Flipped]:
    changes: list[tuple[str, str, str, datetime | None]] = [
        ("warning", str(number), str(number + 1), after.warnings[number])
        for number in range(known.warned, after.warned)
    ]
    reached = after.reached_at is not None
    proof_after_miss = known.verdict == after.verdict == Verdict.MISSED and (
        known.reached_at is None and reached
    )
    if known.verdict != after.verdict or proof_after_miss:
        speaks_of_proof = after.verdict is Verdict.MET or proof_after_miss
        at = after.reached_at if speaks_of_proof else after.due_at
        changes.append(("verdict", known.verdict.value, after.verdict.value, at))
    return [
        _flip(after, known.flip_count + n, about, before, to, at or moment.now, moment)
        for n, (about, before, to, at) in enumerate(changes, 1)
    ]


def _flip(
    after: Decided, number: int, about: str, before: str, to: str, at: datetime, moment: Moment
) -> Flipped:
    return Flipped(
        journey_id=UUID(int=0),
        deadline=after.name,
        version=after.version,
        number=number,
        about=about,
        before=before,
        after=to,
        severity=after.severity,
        step="",
        at=at,
        due_at=after.due_at,
        watermark=min(moment.watermark, moment.now),
        reason=after.reason,
    )


def _status(journey: Journey, told: Told, moment: Moment) -> tuple[Status, Told, list[Flipped]]:
    """The status, with failed and lost told once, by silence, and taken back when spans say so."""
    status = journey.status
    read_to = min(moment.now, moment.watermark)
    bad = ""
    if status is not Status.DONE and read_to >= to_datetime(journey.end) + journey.flow.lost_after:
        bad = Status.LOST.value
    elif status is Status.FAILED and read_to >= to_datetime(journey.last.end) + FAILED_AFTER:
        bad = Status.FAILED.value
    if not moment.silent:
        bad = told.status if told.status == status.value else ""
    shown = Status(bad) if bad else status
    if bad == told.status:
        return shown, told, []
    before = told.status or Status.IN_FLIGHT.value
    after = bad or status.value
    at = to_datetime(journey.end if status is Status.DONE else journey.last.end)
    flip = Flipped(
        UUID(int=0), "", 0, told.flip_count + 1, "status", before, after, "", "",
        at, None, read_to, f"in step {journey.last.step}",
    )  # fmt: skip
    return shown, Told(bad, told.flip_count + 1), [flip]


def _status_next(journey: Journey, status: Status, told: Told) -> list[datetime]:
    if status in (Status.DONE, Status.LOST, Status.CANCELLED):
        return []
    lost = to_datetime(journey.end) + journey.flow.lost_after
    if journey.status is Status.FAILED and told.status != Status.FAILED:
        return [lost, to_datetime(journey.last.end) + FAILED_AFTER]
    return [lost]


def summary(deadlines: Iterable[Decided]) -> Decided | None:
    """Return the deadline that a list should show: of the worst verdict, the one due first."""
    order = [Verdict.MISSED, Verdict.UNKNOWN, Verdict.WAITING, Verdict.MET]
    shown = [d for d in deadlines if d.due_at is not None]
    return min(shown, key=lambda d: (order.index(d.verdict), d.due_at, d.name), default=None)
