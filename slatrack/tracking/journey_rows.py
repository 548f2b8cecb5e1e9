"""Journeys and their deadlines at rest: loaded locked, folded again, judged, saved."""

import logging
from collections.abc import Collection, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from slatrack import live
from slatrack.domain.binding import Event
from slatrack.domain.families import NO_CHILDREN, Children
from slatrack.domain.instants import to_datetime
from slatrack.domain.journeys import Journey, fold
from slatrack.domain.parts import Part, journey_id
from slatrack.domain.states import Status
from slatrack.tracking import (
    children,
    deadline_rows,
    flip_rows,
    implied_flips,
    kept_deadlines,
    models,
    store,
)
from slatrack.tracking.deadline_rows import Known
from slatrack.tracking.decisions import Decided, Judged, Moment, Told
from slatrack.tracking.flows import Flows
from slatrack.tracking.implied_flips import Written
from slatrack.tracking.judging import judge_journey, summary
from slatrack.tracking.kept_deadlines import NONE, Common, Kept, UnknownTermsError
from slatrack.tracking.packing import UNREADABLE, pack_parts, unpack_parts
from slatrack.tracking.vanishing import keep_parts

logger = logging.getLogger(__name__)

JOURNEY_COLUMNS = (
    "id", "flow", "key", "status", "verdict", "complete", "started_at", "ended_at", "step",
    "step_at", "working", "error", "due_at", "warn_at", "deadline", "next_at", "silent_at",
    "judged_by", "told", "flip_count", "spans", "attributes", "parts", "kept_terms", "kept",
    "changed_at",
)  # fmt: skip


class Stored(NamedTuple):
    """A journey as it was stored: its parts, what was told of it, its deadlines by name."""

    parts: dict[bytes, Part]
    told: Told
    deadlines: Known
    children: Children = NO_CHILDREN


NEW = Stored({}, Told(), {})


class Folded(NamedTuple):
    """A journey to save."""

    journey: Journey
    parts: Mapping[bytes, Part]
    judged: Judged
    stored: Stored


def update_journeys(
    changes: Mapping[Event, Mapping[bytes, Part | None]], flows: Flows, moment: Moment
) -> tuple[int, int]:
    """Apply what traces contribute to journeys, judge and save them.

    Returns how many journeys changed and how many flips were recorded.
    """
    ids = {journey_id(*event): event for event in changes if event[0] in flows.flows}
    known = load_journeys(ids)
    folded: dict[UUID, Folded] = {}
    unfolded: dict[UUID, Mapping[bytes, Part]] = {}
    for row_id, event in ids.items():
        stored = known.get(row_id, NEW)
        parts = _applied(stored.parts, changes[event])
        if done := try_fold(row_id, event, parts, stored, flows, moment):
            folded[row_id] = done
        elif row_id in known:
            unfolded[row_id] = parts
    save_journeys(folded, known, flows, moment)
    keep_parts(unfolded, now=moment.now)
    return len(folded) + len(unfolded), sum(len(one.judged.flips) for one in folded.values())


def try_fold(
    row_id: UUID, event: Event, parts: Mapping[bytes, Part], stored: Stored, flows: Flows,
    moment: Moment,
) -> Folded | None:  # fmt: skip
    """Fold and judge one journey; None where that cannot be done: one must not stop the others."""
    try:
        return fold_journey(row_id, event, parts, stored, flows, moment)
    except Exception:
        logger.exception("journey %s of %s could not be folded", event[1], event[0])
        return None


def _applied(
    parts: Mapping[bytes, Part], changes: Mapping[bytes, Part | None]
) -> dict[bytes, Part]:
    merged = {**parts, **changes}
    return {trace_id: one for trace_id, one in merged.items() if one is not None}


def fold_journey(
    row_id: UUID, event: Event, parts: Mapping[bytes, Part], stored: Stored, flows: Flows,
    moment: Moment,
) -> Folded | None:  # fmt: skip
    """Fold and judge one journey; None when its parts prove no step of its flow as it is now."""
    flow = flows.flows[event[0]]
    journey = fold(flow, event[1], parts, stored.children)
    if journey is None:
        return None
    known = {name: state for name, (_, state) in stored.deadlines.items()}
    here = moment.of(event[0])
    judged = judge_journey(journey, row_id, known, stored.told, flows, here)
    return Folded(journey, parts, judged, stored)


def load_journeys(ids: Collection[UUID], *, but_unreadable: bool = False) -> dict[UUID, Stored]:
    """Return some journeys, locked until the transaction ends, in order of id.

    One that cannot be read raises, or is told and left out: for those who write no parts.
    """
    journeys = {}
    columns = ("id", "parts", "told", "flip_count", "children", "kept_terms", "kept")
    for row_id, parts, told, count, counted, terms, own in store.select(
        models.Journey, columns, ids, lock=True
    ):
        told_of = Told(told, count)
        try:
            known: Known = {one.name: (None, one) for one in kept_deadlines.unpack(terms, own)}
            journeys[row_id] = Stored(unpack_parts(parts), told_of, known, children.read(counted))
        except (*UNREADABLE, UnknownTermsError) as exc:
            if not but_unreadable:
                raise
            logger.error("journey %s cannot be read: %s", row_id, exc)
    for number, journey, state in deadline_rows.load(journeys):
        journeys[journey].deadlines[state.name] = (number, state)
    return journeys


def save_journeys(
    folded: Mapping[UUID, Folded], known: Mapping[UUID, Stored], flows: Flows, moment: Moment, *,
    pressing: bool = False,
) -> None:  # fmt: skip
    """Write journeys, deadlines and flips; tell open browsers. May raise store.Raced."""
    written = {row_id: _written(row_id, one, moment.now) for row_id, one in folded.items()}
    kept = _keep(written)
    rows = [
        _journey_row(row_id, folded[row_id], kept.get(row_id, NONE), flows, moment)
        for row_id in sorted(folded, key=attrgetter("int"))
    ]
    store.insert(models.Journey, JOURNEY_COLUMNS, [row for row in rows if row[0] not in known])
    store.update(models.Journey, JOURNEY_COLUMNS, [row for row in rows if row[0] in known])
    if flows.parents:
        _tell_families(folded, known, flows)
    deadline_rows.save({
        row_id: (folded[row_id].stored.deadlines, one.deadlines)
        for row_id, one in written.items()
    })  # fmt: skip
    of = {row_id: flows.ids[one.journey.flow.name] for row_id, one in folded.items()}
    flip_rows.save([flip for one in written.values() for flip in one.flips], of)
    live.announce(list(folded), pressing=pressing)


def _keep(written: Mapping[UUID, Written]) -> dict[UUID, Kept]:
    """Return what journeys' rows say of deadlines that were kept, their terms being on record."""
    found: dict[UUID, Kept] = {}
    terms: dict[int, tuple[Common, ...]] = {}
    for row_id, one in written.items():
        packed, common = kept_deadlines.pack([state for state in one.deadlines if state.is_kept])
        if packed.terms is not None:
            found[row_id], terms[packed.terms] = packed, common
    kept_deadlines.keep(terms)
    return found


def _tell_families(
    folded: Mapping[UUID, Folded], known: Mapping[UUID, Stored], flows: Flows
) -> None:
    """Children tell their parents how they stand; a new parent counts those that came before it."""
    told = {
        row_id: children.as_child(row_id, one.journey, one.judged.status)
        for row_id, one in folded.items()
        if one.journey.flow.parent is not None
    }
    children.tell(told)
    children.note(
        row_id
        for row_id, one in folded.items()
        if one.journey.flow.name in flows.parents
        and (row_id not in known or one.journey.expected_children != one.journey.children.expected)
    )


def _journey_row(
    row_id: UUID, one: Folded, kept: Kept, flows: Flows, moment: Moment
) -> tuple[Any, ...]:
    journey, judged = one.journey, one.judged
    last, shown = journey.last, summary(judged.deadlines)
    ended = journey.ended
    return (
        row_id, flows.ids[journey.flow.name], journey.key, judged.status.value,
        shown.verdict.value if shown else "", journey.complete, to_datetime(journey.started),
        None if ended is None else to_datetime(ended), last.step, to_datetime(last.end),
        last.error and judged.status is Status.IN_FLIGHT,
        last.error, shown.due_at if shown else None, first_warning(shown),
        shown.name if shown else "", judged.next_at, judged.silent_at,
        flows.stamps[journey.flow.name], judged.told.status, judged.told.flip_count,
        journey.spans, dict(journey.attributes), pack_parts(one.parts), *kept,
        moment.now,
    )  # fmt: skip


def first_warning(shown: Decided | None) -> datetime | None:
    """Return when a deadline first warns, if it does."""
    return shown.warnings[0] if shown and shown.warnings else None


def _written(row_id: UUID, one: Folded, now: datetime) -> Written:
    known = {name: state for name, (_, state) in one.stored.deadlines.items()}
    return implied_flips.write(row_id, known, one.judged, now=now)
