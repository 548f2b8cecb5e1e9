"""Flips that are no rows: of an event that was on time all along its deadline tells.

It tells its first flip, waiting to met, for as long as that is its only one and all that was
recorded of it can be told so (kept_deadlines). Before there is anything else to tell, the flip is
written as it was. No database here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from slatrack.domain.states import Verdict
from slatrack.tracking.decisions import Decided, Flipped, Judged

WAITING = Verdict.WAITING.value


class Dated(NamedTuple):
    """A flip and when it was recorded."""

    flip: Flipped
    at: datetime


class Written(NamedTuple):
    """What of a judged journey its rows have to say, flip by flip, in order."""

    deadlines: tuple[Decided, ...]
    flips: tuple[Dated, ...]


def is_no_news(flip: Flipped) -> bool:
    """Whether a flip is history and nobody's news: an event that was on time all along."""
    return flip.before == Verdict.WAITING and flip.after == Verdict.MET


def implied(journey_id: UUID, one: Decided) -> Dated | None:
    """Return the flip that a deadline tells; None where its flips are rows."""
    if one.decided_at is None or one.reached_at is None:
        return None
    flip = Flipped(
        journey_id, one.name, one.version, one.flip_count, "verdict", WAITING, one.verdict.value,
        one.severity, one.decided_step, one.reached_at, one.due_at, one.watermark, one.reason,
        one.almanac,
    )  # fmt: skip
    return Dated(flip, one.decided_at)


def write(
    journey_id: UUID, known: Mapping[str, Decided], judged: Judged, *, now: datetime
) -> Written:
    """Return the deadlines as they are to be stored, and the flips that are to be rows.

    `known` are the deadlines as they were: what they told and will tell no more comes
    first.
    """
    earlier = {name: was for name, row in known.items() if (was := implied(journey_id, row))}
    new = {
        one.deadline: Dated(one, now) for one in judged.flips if one.number == 1 and is_no_news(one)
    }
    first = {**earlier, **new}
    deadlines = tuple(_saying(one, first.get(one.name), journey_id) for one in judged.deadlines)
    told = {one.name for one in deadlines if one.decided_at is not None}
    flips = [was for name, was in earlier.items() if name not in told]
    flips += [Dated(one, now) for one in judged.flips if one.deadline not in told]
    return Written(deadlines, tuple(flips))


def _saying(state: Decided, first: Dated | None, journey_id: UUID) -> Decided:
    """Return a deadline that tells its first flip, where it says all that was recorded of it."""
    if first is None:
        return state
    saying = state.telling(first.at, first.flip.step)
    if saying.is_kept and implied(journey_id, saying) == first:
        return saying
    return state._replace(decided_at=None, decided_step="")
