"""What silence makes of a journey of which nothing new is known, told from its rows alone.

No database here. To fold a journey again says nothing new while its spans, its children and what
judges it are what they were when its rows were written; then the rows suffice. Where that is not
certain, `look_again` says so, and the journey is folded.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from slatrack.domain.deadlines import LATE, ends
from slatrack.domain.states import Verdict
from slatrack.tracking import judging
from slatrack.tracking.decisions import Decided, Flipped, Moment
from slatrack.tracking.judging import earliest

OPEN = (Verdict.WAITING, Verdict.UNKNOWN)


class Quiet(NamedTuple):
    """A journey as its row has it, as far as silence is concerned; deadlines that are rows, by id.

    Those that were kept are none, and silence says nothing of them.
    """

    id: UUID
    step: str
    next_at: datetime | None
    silent_at: datetime | None
    deadlines: Mapping[int, Decided]


class Settled(NamedTuple):
    """What silence made of it: the deadlines that changed, all of them, and what is to record."""

    changed: Mapping[int, Decided]
    deadlines: tuple[Decided, ...]
    next_at: datetime | None
    flips: tuple[Flipped, ...]


def settle(quiet: Quiet, recomputing: Mapping[str, int], moment: Moment) -> Settled | None:
    """Judge the deadlines of a journey anew; None where it must be folded.

    `recomputing` names by deadline the newest version that takes over events which were open. It
    must be folded where silence may change its status, or somebody sent the watcher: then its next
    instant is not the one that its deadlines wait for.
    """
    if quiet.silent_at is not None and quiet.silent_at <= moment.read_to:
        return None
    if not any(map(_open, quiet.deadlines.values())):
        return None
    if not all(map(_suffices, quiet.deadlines.values())):
        return None
    if any(one.version < recomputing.get(one.name, 0) for one in quiet.deadlines.values()):
        return None
    if quiet.next_at != earliest([quiet.silent_at, *map(_next, quiet.deadlines.values())]):
        return None
    changed: dict[int, Decided] = {}
    flips: list[Flipped] = []
    after = dict(quiet.deadlines)
    for row_id, known in quiet.deadlines.items():
        if _open(known):
            judged, told = judging.look_again(known, moment)
            after[row_id] = judged
            flips += [flip._replace(journey_id=quiet.id, step=quiet.step) for flip in told]
            if _written(judged) != _written(known):
                changed[row_id] = judged
    nexts = [one.next_at for one in after.values() if _open(one)]
    next_at = earliest([quiet.silent_at, *nexts])
    return Settled(changed, tuple(after.values()), next_at, tuple(flips))


def _open(one: Decided) -> bool:
    """Whether silence can say something of a deadline."""
    return one.due_at is not None and one.verdict in OPEN


def _written(one: Decided) -> tuple[object, ...]:
    """What of a deadline silence can change."""
    return one.verdict, one.warned, one.reason, one.watermark, one.flip_count


def _suffices(known: Decided) -> bool:
    """Whether a deadline's row says all that bears on it."""
    if known.due_at is None:
        return True  # it could not be calculated: silence says nothing of it
    if known.verdict is Verdict.MET:
        return known.reached_at is not None
    if known.verdict is Verdict.MISSED and known.reached_at is not None:
        return known.reason == LATE
    if known.verdict is Verdict.MISSED:
        end = ends(known.due_at, known.grace)
        return known.watermark is not None and known.watermark >= end
    return known.reached_at is None  # else it rests on weak evidence


def _next(known: Decided) -> datetime | None:
    """The instant that a deadline waits for if it is as the watcher or the recorder left it."""
    if known.due_at is None or not _open(known):
        return None
    end = ends(known.due_at, known.grace)
    if known.verdict is Verdict.UNKNOWN:
        return end
    return min([*(at for at in known.warnings[known.warned :] if at < known.due_at), end])
