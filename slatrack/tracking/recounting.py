"""Recounting: events whose children have changed count them, and are folded and judged again.

The recorder notes whose children changed; the watcher counts, so that a thousand changes of one
event's children are one count of them, and writers never wait for each other at the parent's row.
"""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from django.db import connection, transaction

from slatrack.domain.binding import Event
from slatrack.tracking import children, models, store
from slatrack.tracking.decisions import Moment
from slatrack.tracking.flows import Flows
from slatrack.tracking.journey_rows import Folded, load_journeys, save_journeys, try_fold

CHUNK = 1_000  # notes taken up in one transaction
LEVELS = 10  # of families: children, their children, …


def recount_all(flows: Flows, moment: Moment) -> int:
    """Count for every event that has a note, and for those that it is a part of in turn.

    Returns how many events were folded. Families deeper than `LEVELS` are done by the next call.
    """
    folded = 0
    for _ in range(LEVELS if flows.parents else 0):
        counted = _recount(flows, moment)
        if counted is None:
            break
        folded += counted
    return folded


@transaction.atomic
def _recount(flows: Flows, moment: Moment) -> int | None:
    """Count for those that have notes; None where there are no notes."""
    parents = _take_notes()
    if not parents:
        return None
    events = _events(parents, flows)
    known = load_journeys(events, but_unreadable=True)
    counted = children.count(known)
    folded: dict[UUID, Folded] = {}
    for row_id, stored in known.items():
        counting = stored._replace(children=counted[row_id])
        if done := try_fold(row_id, events[row_id], stored.parts, counting, flows, moment):
            counted[row_id] = counted[row_id]._replace(expected=done.journey.expected_children)
            folded[row_id] = done._replace(journey=replace(done.journey, children=counted[row_id]))
    save_journeys(folded, known, flows, moment)
    children.save(counted)
    return len(folded)


def _take_notes() -> set[UUID]:
    """Take notes that no other watcher has taken. One that comes in meanwhile is left for later."""
    skip = connection.features.has_select_for_update_skip_locked
    notes = models.Recount.objects.order_by("id").select_for_update(skip_locked=skip)
    rows = dict(notes.values_list("id", "parent")[:CHUNK])
    if rows:
        models.Recount.objects.filter(id__in=list(rows)).delete()
    return set(rows.values())


def _events(parents: Collection[UUID], flows: Flows) -> dict[UUID, Event]:
    """Return which of some events there are. One that comes later counts its children then."""
    names = {row_id: name for name, row_id in flows.ids.items()}
    found: dict[UUID, Event] = {}
    for some in store.chunks(parents):
        rows = models.Journey.objects.filter(id__in=some, flow__in=names)
        for row_id, flow, key in rows.values_list("id", "flow_id", "key"):
            found[row_id] = (names[flow], key)
    return found
