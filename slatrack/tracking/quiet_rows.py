"""Journeys at rest of which only silence has news: their rows read and written in bulk.

What is written is what folding them would write (slatrack.tracking.silence), by fewer columns and
without their spans.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from slatrack import live
from slatrack.tracking import deadline_rows, flip_rows, models, silence, store
from slatrack.tracking.decisions import Decided, Moment
from slatrack.tracking.flows import Flows
from slatrack.tracking.implied_flips import Dated
from slatrack.tracking.journey_rows import first_warning
from slatrack.tracking.judging import summary
from slatrack.tracking.silence import Quiet, Settled

JOURNEY_COLUMNS = ("id", "verdict", "due_at", "warn_at", "deadline", "next_at", "changed_at")
DEADLINE_COLUMNS = ("id", "verdict", "warned", "reason", "watermark", "flip_count")


class Due(NamedTuple):
    """A journey whose next instant has come, locked: what of its row the watcher looks at."""

    id: UUID
    flow: int
    key: str
    step: str
    next_at: Any
    silent_at: Any
    judged_by: int


def settle(due: Sequence[Due], flows: Flows, moment: Moment) -> set[UUID]:
    """Settle those of some locked journeys that need not be folded; return their ids."""
    stamps = {flows.ids[name]: stamp for name, stamp in flows.stamps.items()}
    likely = [one for one in due if stamps.get(one.flow) == one.judged_by]
    deadlines: dict[UUID, dict[int, Decided]] = defaultdict(dict)
    for row_id, journey, state in deadline_rows.load([one.id for one in likely]):
        deadlines[journey][row_id] = state
    names = {row_id: name for name, row_id in flows.ids.items()}
    settled: dict[UUID, Settled] = {}
    for one in likely:
        newest = flows.recomputing[names[one.flow]]
        quiet = Quiet(one.id, one.step, one.next_at, one.silent_at, deadlines[one.id])
        done = silence.settle(quiet, newest, moment.of(names[one.flow]))
        if done is not None:
            settled[one.id] = done
    _save(settled, {one.id: one.flow for one in due}, moment)
    return set(settled)


def _save(settled: Mapping[UUID, Settled], of: Mapping[UUID, int], moment: Moment) -> None:
    journeys = [_journey_row(row_id, one, moment) for row_id, one in settled.items()]
    store.update(models.Journey, JOURNEY_COLUMNS, journeys)
    deadlines = [
        (row_id, state.verdict.value, state.warned, state.reason[:500], state.watermark,
         state.flip_count)
        for one in settled.values()
        for row_id, state in one.changed.items()
    ]  # fmt: skip
    store.update(models.Deadline, DEADLINE_COLUMNS, deadlines)
    flips = [flip for one in settled.values() for flip in one.flips]
    flip_rows.save([Dated(flip, moment.now) for flip in flips], of)
    live.announce(list(settled), pressing=True)


def _journey_row(row_id: UUID, one: Settled, moment: Moment) -> tuple[Any, ...]:
    shown = summary(one.deadlines)
    if shown is None:
        raise ValueError("a journey without deadlines is not settled by silence alone")
    return (
        row_id, shown.verdict.value, shown.due_at, first_warning(shown), shown.name,
        one.next_at, moment.now,
    )  # fmt: skip
