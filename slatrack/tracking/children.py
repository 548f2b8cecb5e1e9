"""Children at rest: what each tells its parent, and what those of one parent come to.

A child's row is written in the transaction that changes the child, with a note that its parent is
to be counted again. Nobody waits for anybody there: notes are only ever inserted.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Max

from slatrack.domain.families import NO_CHILDREN, Children
from slatrack.domain.instants import to_datetime, to_nanoseconds
from slatrack.domain.journeys import Journey
from slatrack.domain.parts import journey_id
from slatrack.domain.states import Status
from slatrack.tracking import models, store

COLUMNS = ("journey", "parent", "status", "ended_at", "last_at")


class AsChild(NamedTuple):
    """What one event tells its parent."""

    parent: UUID
    status: str
    ended_at: datetime | None
    last_at: datetime


def as_child(row_id: UUID, journey: Journey, status: Status) -> AsChild | None:
    """Return what a journey tells its parent; None where it has none, or does not say which."""
    parent = journey.parent
    if parent is None or (found := journey_id(*parent)) == row_id:
        return None
    ended = journey.ended
    return AsChild(
        found,
        status.value,
        None if ended is None else to_datetime(ended),
        to_datetime(journey.last_sign),
    )


def tell(told: Mapping[UUID, AsChild | None]) -> None:
    """Write what some events, whose rows are locked, tell their parents; note what changed."""
    known = _load(told)
    now = {row_id: one for row_id, one in told.items() if one is not None}
    changed = {row_id: one for row_id, one in now.items() if known.get(row_id) != one}
    gone = [row_id for row_id in known if row_id not in now]
    rows = [(row_id, *one) for row_id, one in sorted(changed.items())]
    store.insert(models.Child, COLUMNS, [row for row in rows if row[0] not in known])
    store.update(models.Child, COLUMNS, [row for row in rows if row[0] in known])
    if gone:
        models.Child.objects.filter(journey__in=gone).delete()
    before = {known[row_id].parent for row_id in [*changed, *gone] if row_id in known}
    note(before | {one.parent for one in changed.values()})


def forget(row_id: UUID) -> None:
    """Take back what an event told its parent: there is no such event."""
    tell({row_id: None})


def note(parents: Iterable[UUID]) -> None:
    """Have some events count their children again."""
    store.insert(models.Recount, ("parent",), [(parent,) for parent in sorted(parents)])


def _load(ids: Collection[UUID]) -> dict[UUID, AsChild]:
    found = {}
    for some in store.chunks(ids):
        rows = models.Child.objects.filter(journey__in=some).values_list(*COLUMNS)
        found.update({row[0]: AsChild(*row[1:]) for row in rows})
    return found


def count(parents: Collection[UUID]) -> dict[UUID, Children]:
    """Return what the children of some events come to now."""
    counted = dict.fromkeys(parents, NO_CHILDREN)
    for some in store.chunks(parents):
        rows = models.Child.objects.filter(parent__in=some).values_list("parent", "status")
        found = rows.annotate(Count("journey"), Max("ended_at"), Max("last_at")).order_by()
        for parent, status, number, ended_at, last_at in found:
            one = counted[parent]._replace(**{status: number})
            counted[parent] = one._replace(
                ended=_later(one.ended, ended_at), last=_later(one.last, last_at)
            )
    return counted


def _later(known: int | None, at: datetime | None) -> int | None:
    found = [known] if known is not None else []
    found += [to_nanoseconds(at)] if at is not None else []
    return max(found, default=None)


def save(counted: Mapping[UUID, Children]) -> None:
    """Write what the children of some events come to; their rows are locked."""
    rows = [(row_id, one._asdict()) for row_id, one in sorted(counted.items())]
    store.update(models.Journey, ("id", "children"), rows)


def read(stored: Mapping[str, int] | None) -> Children:
    """Return what `save` wrote."""
    return Children(**stored) if stored else NO_CHILDREN
