"""Judging: from a folded journey and what was decided before to rows and flips. No database here.

Spans decide at once (`silent=False`, the recorder); silence decides only when the telemetry has
been read far enough (`silent=True`, the watcher). A decided verdict stands as long as the evidence
that it was made with does; nothing else changes it, neither a second look nor a falling watermark.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from slatrack.domain.deadlines import (
    LATE,
    PATIENCE,
    Judgement,
    Running,
    ends,
    judge,
    judge_unproven,
    run,
)
from slatrack.domain.instants import to_datetime
from slatrack.domain.journeys import Journey
from slatrack.domain.rules import Due
from slatrack.domain.sentences import NOT_APPLICABLE
from slatrack.domain.states import Verdict
from slatrack.tracking.decisions import NOBODY, Decided, Flipped, Judged, Moment, Told
from slatrack.tracking.flows import Flows, RuleInForce
from slatrack.tracking.statuses import status_next, tell_status

logger = logging.getLogger(__name__)

BROKEN = Due(None, None, False, (), ("this rule broke: see the log",))
NO_MORE = f"{NOT_APPLICABLE} to this event any more"

Outcome = tuple[Decided | None, list[Flipped]]


def judge_journey(
    journey: Journey,
    journey_id: UUID,
    known: Mapping[str, Decided],
    told: Told,
    flows: Flows,
    moment: Moment,
) -> Judged:
    """Decide every deadline and the status of `journey`, given what was decided before.

    Which rules apply, and in which version, is told by the start of the event alone. A deadline
    that is not among those returned is no more: nothing was ever told of it.
    """
    chosen = flows.rules_for(journey.flow.name, to_datetime(journey.started))
    flips: list[Flipped] = []
    decided: list[Decided] = []
    for name in dict.fromkeys([*chosen, *known]):
        rule, before = chosen.get(name), known.get(name)
        if rule and before and rule.version != before.version:
            start = to_datetime(journey.started)
            rule = flows.standing(journey.flow.name, rule, before.version, before.verdict, start)
        after, changes = _one(journey, rule, before, flows, moment)
        decided += [after] if after else []
        flips += changes
    status, told, changes = tell_status(journey, told, moment)
    step = journey.last.step
    flips = [flip.of(journey_id, step) for flip in [*flips, *changes]]
    silent_at = min(status_next(journey, status, told), default=None)
    next_at = earliest([silent_at, *(one.next_at for one in decided)])
    return Judged(status, tuple(decided), told, next_at, silent_at, tuple(flips))


def _one(
    journey: Journey,
    rule: RuleInForce | None,
    before: Decided | None,
    flows: Flows,
    moment: Moment,
) -> Outcome:
    """Decide one deadline; one that breaks is told as unknown and stops no other."""
    if rule is None:
        return _retract(before, moment)
    try:
        running = run(journey, rule.spec, flows.calendars)
        return _decide(running, rule, before, flows, moment)
    except Exception:
        logger.exception("deadline %r of %s broke on %s", rule.spec.name, journey.flow, journey.key)
        return _decide(Running(rule.spec, BROKEN, None, True), rule, before, flows, moment)


def _decide(
    running: Running | None,
    rule: RuleInForce,
    before: Decided | None,
    flows: Flows,
    moment: Moment,
) -> Outcome:
    if running is None:
        return _retract(before, moment)
    known = _known(running, rule, before, flows)
    if running.ended:
        return _end(known, running.ended, moment)
    judged = _judgement(known, running, moment, later=_is_later(known, before))
    verdict, warned, reason, next_at = judged
    reached_at = running.reached_at if known.due_at else None
    after = known.judged(verdict, warned, reached_at, reason, next_at)
    return _counted(after, _flips(known, after, moment), known, moment)


def look_again(known: Decided, moment: Moment) -> tuple[Decided, list[Flipped]]:
    """Judge an open deadline anew of which nothing has been seen since it was judged last.

    It needs no journey: of a step that was not seen there is no evidence to weigh.
    """
    if known.due_at is None or known.reached_at is not None:
        raise ValueError(f"deadline {known.name!r} cannot be judged without its journey")
    judged = judge_unproven(
        known.due_at,
        known.warnings,
        now=moment.now,
        watermark=moment.watermark,
        grace=known.grace,
        warned=known.warned,
    )
    verdict, warned, reason, next_at = judged
    after = known.judged(verdict, warned, known.reached_at, reason, next_at)
    return _counted(after, _flips(known, after, moment), known, moment)


def _retract(before: Decided | None, moment: Moment) -> Outcome:
    """A deadline that the event does not have: gone, or kept as history where it was told of."""
    if before is None or not before.flip_count:
        return None, []
    return _end(before, NO_MORE, moment)


def _end(before: Decided, reason: str, moment: Moment) -> Outcome:
    """A deadline that does not matter any more; what was told of it stays on record."""
    after = before._replace(
        verdict=Verdict.WAITING, due_at=None, warnings=(), reached_at=None, reason=reason,
        next_at=None,
    )  # fmt: skip
    return _counted(after, _flips(before, after, moment), before, moment)


def _counted(
    after: Decided, flips: list[Flipped], known: Decided, moment: Moment
) -> tuple[Decided, list[Flipped]]:
    watermark = moment.read_to if flips else known.watermark
    waiting = after.due_at is not None and after.verdict is Verdict.WAITING
    reason = "" if waiting else after.reason  # why it waits again is the flip's to tell
    count = known.flip_count + len(flips)
    return after.told(reason, watermark, count), flips


def _known(running: Running, rule: RuleInForce, before: Decided | None, flows: Flows) -> Decided:
    """The deadline as its rule now computes it, with what was decided of it before."""
    due, spec = running.due, running.spec
    fresh = Decided(
        spec.name, rule.version, spec.severity, due.started_at, due.due_at, due.strict,
        flows.grace(spec), tuple(sorted(due.warnings)) if due.due_at else (),
        almanac=flows.almanac,
    )  # fmt: skip
    if before is None:
        return fresh
    untold = before.due_at is None and not before.flip_count
    same = before.due_at == due.due_at and before.version == rule.version
    return fresh._replace(
        warned=before.warned,
        verdict=Verdict.WAITING if untold else before.verdict,
        reached_at=before.reached_at,
        reason=before.reason,
        watermark=before.watermark,
        flip_count=before.flip_count,
        almanac=before.almanac if same else flows.almanac,
    )


def _is_later(known: Decided, before: Decided | None) -> bool:
    """Whether a deadline ends later than when it was judged before, or ended at no instant."""
    if before is None or before.due_at is None or known.due_at is None:
        return True
    return ends(known.due_at, known.grace) > ends(before.due_at, before.grace)


def _judgement(known: Decided, running: Running, moment: Moment, *, later: bool) -> Judgement:
    if known.due_at is not None and not (running.reached_at is not None and running.proven):
        end = ends(known.due_at, known.grace)
        if _stands(known, running, end):
            late = known.verdict is Verdict.MISSED and running.reached_at is not None
            reason = LATE if late else known.reason
            return Judgement(known.verdict, known.warned, reason, None)
        if not moment.silent:
            return _left(known, running, end, moment, later=later)
    return judge(
        running,
        now=moment.now,
        watermark=moment.watermark,
        grace=known.grace,
        warned=known.warned,
    )


def _stands(known: Decided, running: Running, end: datetime) -> bool:
    """Whether a decided verdict still has its evidence: the step in time, late, or silence."""
    if known.verdict is Verdict.MET:
        return running.on_time
    if known.verdict is not Verdict.MISSED:
        return False
    if running.reached_at is not None:
        return not running.on_time
    return known.watermark is not None and known.watermark >= end


def _left(
    known: Decided, running: Running, end: datetime, moment: Moment, *, later: bool
) -> Judgement:
    """Without proof the recorder leaves the verdict, and says when the watcher must look.

    One that cannot hold yet by what is known now is open again; unknown only where it is due later
    now, for a batch that waited for the journey's rows began before the watcher said it.
    """
    verdict, reason = known.verdict, known.reason
    settled = verdict in (Verdict.MET, Verdict.MISSED)
    if (settled and moment.read_to < end) or (
        verdict is Verdict.UNKNOWN and later and moment.now < end + PATIENCE
    ):
        verdict, reason = Verdict.WAITING, "what it was decided by has changed"
    points = [at for at in known.warnings[known.warned :] if running.reached_at is None]
    return Judgement(verdict, known.warned, reason, min([*points, end]))


def _flips(known: Decided, after: Decided, moment: Moment) -> list[Flipped]:
    if after.due_at is None and not known.flip_count:
        return []  # nothing was told, and nothing can be
    changes: list[tuple[str, str, str, datetime | None]] = [
        ("warning", str(number), str(number + 1), after.warnings[number])
        for number in range(known.warned, after.warned)
    ]
    came_late = (
        known.verdict == after.verdict == Verdict.MISSED
        and known.reached_at is None
        and after.reached_at is not None
        and after.next_at is None
    )
    if known.verdict != after.verdict or came_late:
        speaks_of_proof = after.verdict is Verdict.MET or came_late
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
        NOBODY, after.name, after.version, number, about, before, to, after.severity, "", at,
        after.due_at, moment.read_to, after.reason, after.almanac,
    )  # fmt: skip


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    """Return the first of some instants; None where there are none."""
    return min((at for at in instants if at is not None), default=None)


def summary(deadlines: Iterable[Decided]) -> Decided | None:
    """Return the deadline that a list should show: of the worst verdict, the one due first."""
    order = [Verdict.MISSED, Verdict.UNKNOWN, Verdict.WAITING, Verdict.MET]
    shown = [d for d in deadlines if d.due_at is not None]
    return min(shown, key=lambda d: (order.index(d.verdict), d.due_at, d.name), default=None)
