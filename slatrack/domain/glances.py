"""Glances: the hindsight of very many events by one deadline, at a part of the price.

Most events of a flow were plainly reached, and most deadlines count from the ingress alone. Those
are judged here straight from the outline; every other goes the whole way, through `look_back`. The
answers are equal: `tests/domain/test_glances.py` holds that.
"""

from datetime import datetime, timedelta

from slatrack.domain.attempts import StepSeen
from slatrack.domain.deadlines import LATE, Seen
from slatrack.domain.flows import DeadlineSpec
from slatrack.domain.hindsight import Evidence, Hindsight, Outcome, look_back
from slatrack.domain.instants import EPOCH, to_datetime
from slatrack.domain.outlines import Outline
from slatrack.domain.rules import Clock, due
from slatrack.domain.rules.answers import warning_at
from slatrack.domain.rules.kinds import Duration, Rule

FROM_INGRESS = frozenset({"ingress"})
Timed = tuple[datetime, bool, tuple[datetime, ...]]  # due at, strict, warnings


class Glance:
    """Looks back by one deadline, on the same evidence each time."""

    def __init__(self, spec: DeadlineSpec, evidence: Evidence, grace: timedelta) -> None:
        self._spec, self._evidence, self._grace = spec, evidence, grace
        self._read_to = min(evidence.now, evidence.watermark)
        self._plain = spec.starts == FROM_INGRESS and not spec.when
        self._amount, self._offsets = _constants(spec.rule)

    def look(self, seen: Seen) -> Hindsight:
        """Return what `look_back` returns."""
        if self._plain and isinstance(seen, Outline):
            step, ingress = seen.steps.get(self._spec.until), seen.ingress
            if step and step.reached is not None and step.proven and ingress and ingress.started:
                found = self._reached(to_datetime(step.reached), ingress)
                if found is not None:
                    return found
        return look_back(seen, self._spec, self._evidence, self._grace)

    def _reached(self, at: datetime, ingress: StepSeen) -> Hindsight | None:
        timed = self._timed(to_datetime(ingress.start))
        if timed is None:
            return None
        due_at, strict, warnings = timed
        met = at < due_at or (at == due_at and not strict)
        if warnings:
            before, end = min(at, due_at), self._read_to
            warnings = tuple([one for one in warnings if one < before and one <= end])
        return Hindsight(
            Outcome.MET if met else Outcome.MISSED,
            warnings, due_at, at, (at - due_at).total_seconds(), "" if met else LATE,
        )  # fmt: skip

    def _timed(self, start: datetime) -> Timed | None:
        """When it is due and warned of; None where the whole way has to say."""
        if self._amount is None:
            answer = due(self._spec.rule, Clock(start), calendars=self._evidence.calendars)
            at = answer.due_at
            return None if at is None else (at, answer.strict, answer.warnings)
        try:
            return start + self._amount, False, tuple([start + one for one in self._offsets])
        except OverflowError:
            return None


def _constants(rule: Rule) -> tuple[timedelta | None, tuple[timedelta, ...]]:
    """Of elapsed time alone, how long after each start it is due and warned of."""
    if not isinstance(rule, Duration) or rule.next_full_hour or rule.options.adjust:
        return None, ()
    try:
        due_at = EPOCH + rule.amount
        return rule.amount, tuple(warning_at(w, EPOCH, due_at) - EPOCH for w in rule.options.warn)
    except OverflowError:
        return None, ()
