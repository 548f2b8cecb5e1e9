"""Rules made of rules: the earliest, the latest, the fitting one, the one in force."""

from collections.abc import Callable
from datetime import datetime

from slatrack.domain.calendars import Calendars
from slatrack.domain.rules.answers import Answer, State
from slatrack.domain.rules.clock import Clock, read_start
from slatrack.domain.rules.kinds import Earliest, Latest, Rule, Switch, Versions, When
from slatrack.domain.rules.parts import Start
from slatrack.domain.rules.starts import starts
from slatrack.domain.zones import zone

Ask = Callable[[Rule], Answer]


def answer_earliest(rule: Earliest, clock: Clock, calendars: Calendars, ask: Ask) -> Answer:
    """Return the first of the answers; those that have no start yet are left out."""
    answers = [ask(inner) for inner in rule.of]
    due = [answer for answer in answers if answer.state is State.DUE]
    blocked = _first(answers, State.CANNOT_CALCULATE)
    if blocked or not due:
        return blocked or _first(answers, State.MISSING) or answers[0]
    return min(due, key=_moment)


def answer_latest(rule: Latest, clock: Clock, calendars: Calendars, ask: Ask) -> Answer:
    """Return the last of the answers; unknown while one of them is."""
    answers = [ask(inner) for inner in rule.of]
    due = [answer for answer in answers if answer.state is State.DUE]
    blocked = _first(answers, State.CANNOT_CALCULATE) or _first(answers, State.MISSING)
    return blocked or (max(due, key=_moment) if due else answers[0])


def answer_switch(rule: Switch, clock: Clock, calendars: Calendars, ask: Ask) -> Answer:
    """Return the answer of the first branch that fits; the rule does not apply where none does."""
    for branch in rule.branches:
        if branch.when is None or _fits(branch.when, clock):
            return ask(branch.rule)
    names = dict.fromkeys(branch.when.attr for branch in rule.branches if branch.when)
    seen = ", ".join(f"{name} = {_shown(clock.attributes.get(name))}" for name in names)
    return Answer(State.NOT_APPLICABLE, reasons=(f"the rule does not apply: {seen}",))


def answer_versions(rule: Versions, clock: Clock, calendars: Calendars, ask: Ask) -> Answer:
    """Return the answer of the version in force on the local day of the event's start.

    The start is the earliest known of all that the versions count from: never the present.
    """
    known = [read_start(start, clock) for start in _starts(rule, calendars)]
    instants = [at for at, _ in known if at is not None]
    if not instants:
        return Answer(State.MISSING, reasons=(known[0][1],))
    day = min(instants).astimezone(zone(rule.tz)).date()
    for version in reversed(rule.versions):
        if version.effective_from <= day:
            return ask(version.rule)
    first = rule.versions[0].effective_from
    reason = f"the rule does not apply: it begins on {first}, the event on {day}"
    return Answer(State.NOT_APPLICABLE, reasons=(reason,))


def _starts(rule: Versions, calendars: Calendars) -> tuple[Start, ...]:
    memo: dict[str, tuple[Start, ...]] = calendars.memo(rule)
    if "starts" not in memo:
        memo["starts"] = tuple(dict.fromkeys(starts(rule)))
    return memo["starts"]


def _first(answers: list[Answer], state: State) -> Answer | None:
    return next((answer for answer in answers if answer.state is state), None)


def _moment(answer: Answer) -> tuple[datetime, bool]:
    """Order answers in time: before an instant comes ahead of at that instant."""
    if answer.due_at is None:
        raise ValueError("only what is due has a moment")
    return answer.due_at, not answer.strict


def _fits(when: When, clock: Clock) -> bool:
    """Compare without Python's opinion that True is 1."""
    value = clock.attributes.get(when.attr)
    flag = isinstance(value, bool)
    return any(value == other and isinstance(other, bool) == flag for other in when.among)


def _shown(value: object) -> str:
    return "not known" if value is None else repr(value)[:40]
