"""The sentence that a message starts with. Pure: what it says is told to it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from slatrack.domain.ladder import Rung
from slatrack.domain.sentences import verdict_sentence
from slatrack.domain.states import Verdict

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_MOST_KEY = 120


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one event when people are told of it."""

    rung: str
    key: str
    deadline: str
    due_at: datetime | None
    step: str
    step_at: datetime | None
    working: bool
    reason: str
    decided_at: datetime
    late: bool
    reached_at: datetime | None = None  # when what the deadline waited for was there after all


def sentence(facts: Facts, *, now: datetime) -> str:
    """Say what happens to one event, in one sentence that stands alone."""
    said = {
        Rung.AT_RISK: _at_risk,
        Rung.DUE_SOON: _due_soon,
        Rung.MISSED: _missed,
        Rung.FAILED: _failed,
        Rung.LOST: _lost,
    }.get(Rung(facts.rung), _other)
    return said(facts, now)


def where(facts: Facts, now: datetime) -> str:
    """Say where an event stands and since when."""
    if not facts.step:
        return "not seen at any step"
    since = f" for {spoken(now - facts.step_at)}" if facts.step_at else ""
    return (
        f"working{since} in {facts.step}" if facts.working else f"waiting{since} after {facts.step}"
    )


def spoken(amount: timedelta) -> str:
    """Return a duration as people say it, in its two largest units: "2 min 27 s"."""
    seconds = max(0, round(amount.total_seconds()))
    for (size, name), (below, smaller) in pairwise(_UNITS):
        if seconds >= size:
            rest = seconds % size // below
            return (
                f"{seconds // size} {name} {rest} {smaller}"
                if rest
                else f"{seconds // size} {name}"
            )
    return f"{seconds} s"


def clock(at: datetime, now: datetime) -> str:
    """Return an instant with its zone; with its date unless that is today's."""
    utc = at.astimezone(UTC)
    shape = "%H:%M:%S UTC" if utc.date() == now.astimezone(UTC).date() else "%Y-%m-%d %H:%M:%S UTC"
    return utc.strftime(shape)


def plain(text: str) -> str:
    """Return text from outside fit for one line: no control characters, not too long."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= _MOST_KEY else line[: _MOST_KEY - 1] + "…"


def _at_risk(facts: Facts, now: datetime) -> str:
    due = f" (due {clock(facts.due_at, now)})" if facts.due_at else ""
    said = f"{plain(facts.key)} is at risk of missing “{plain(facts.deadline)}”{due}"
    return f"{said}: {plain(facts.reason)}. It is {where(facts, now)}."


def _due_soon(facts: Facts, now: datetime) -> str:
    name = f"{plain(facts.key)} will miss “{plain(facts.deadline)}”"
    if facts.due_at is None:
        return f"{name}: {where(facts, now)}."
    left = spoken(facts.due_at - now)
    return f"{name} in {left} (due {clock(facts.due_at, now)}): {where(facts, now)}."


def _missed(facts: Facts, now: datetime) -> str:
    due = f", due {clock(facts.due_at, now)}" if facts.due_at else ""
    how = _arrived(facts, now) or where(facts, now)
    said = f"{plain(facts.key)} missed “{plain(facts.deadline)}”{due}: {how}."
    if facts.late and facts.due_at:
        said += f" This was noticed {spoken(facts.decided_at - facts.due_at)} after it was due."
    return said


def _arrived(facts: Facts, now: datetime) -> str:
    """How late it arrived, in the words of its verdict; empty where it has not."""
    if facts.reason != "reached late" or not facts.reached_at or not facts.due_at:
        return facts.reason if facts.reason == "reached late" else ""
    said = verdict_sentence(
        Verdict.MISSED, due_at=facts.due_at, reached_at=facts.reached_at, reason="", now=now
    )
    return said[0].lower() + said[1:]


def _failed(facts: Facts, now: datetime) -> str:
    return f"{plain(facts.key)} failed {_at(facts)}."


def _lost(facts: Facts, now: datetime) -> str:
    since = f" for {spoken(now - facts.step_at)}" if facts.step_at else ""
    return f"{plain(facts.key)} is lost: nothing was seen of it{since}, last {_at(facts)}."


def _other(facts: Facts, now: datetime) -> str:
    about = f" (“{plain(facts.deadline)}”)" if facts.deadline else ""
    return f"{plain(facts.key)}{about} is {facts.rung.replace('_', ' ')}: {where(facts, now)}."


def _at(facts: Facts) -> str:
    return f"in {plain(facts.step)}" if facts.step else "before its first step"
