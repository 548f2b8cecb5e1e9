"""The history of journeys: flips that are rows, those that deadlines tell and those that wait.

Who wants to know what was recorded reads it here. Deadlines are read first, then the queue: one
that ceases to tell its flip, or is taken up, meanwhile leaves it as a row, and then the row counts.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from slatrack.tracking.implied_flips import implied
from slatrack.tracking.journey_rows import DEADLINE_COLUMNS, decided
from slatrack.tracking.models import Deadline, Flip, UnroutedFlip


def history(journey_id: UUID, *, newest: int) -> list[Flip]:
    """Return the newest flips of a journey, at most so many, in the order of recording.

    Of what was recorded at once each deadline's come in order of number, the journey's own last.
    Only a flip that is a row, and waits no more, has an id.
    """
    deadlines = list(Deadline.objects.filter(journey=journey_id).order_by("id"))
    news = list(UnroutedFlip.objects.filter(journey=journey_id))
    rows = Flip.objects.filter(journey=journey_id).order_by("-recorded_at", "-id")[:newest]
    order = {one.name: place for place, one in enumerate(deadlines)}
    found = sorted(
        _all(deadlines, news, rows),
        key=lambda one: (
            one.recorded_at, not one.deadline, order.get(one.deadline, 0), one.number
        ),
    )  # fmt: skip
    return found[-newest:]


def every(**which: Any) -> list[Flip]:
    """Return all flips of the journeys that `which` chooses (`journey=...`, `journey__key=...`).

    Those of one deadline are in order of number.
    """
    telling = list(_with_flow(Deadline, decided_at__isnull=False, **which))
    news = list(_with_flow(UnroutedFlip, **which))
    found = _all(telling, news, _with_flow(Flip, **which))
    return sorted(found, key=lambda one: (one.journey_id.int, one.deadline, one.number))


def _with_flow(model: Any, **which: Any) -> Any:
    rows = model.objects.filter(**which)
    return rows.select_related("journey__flow").defer("journey__parts")


def _all(
    deadlines: Iterable[Deadline], news: Iterable[UnroutedFlip], rows: Iterable[Flip]
) -> list[Flip]:
    others = [flip for one in deadlines if (flip := _told(one))] + [one.as_flip() for one in news]
    found = list(rows)
    written = {_place(flip) for flip in found}
    return found + [flip for flip in others if _place(flip) not in written]


def _place(flip: Flip) -> tuple[Any, ...]:
    return flip.journey_id, flip.deadline, flip.version, flip.number


def _told(row: Deadline) -> Flip | None:
    """Return the flip that a deadline tells, unsaved."""
    state = decided([getattr(row, name) for name in DEADLINE_COLUMNS[1:]])
    one = implied(row.journey_id, state)
    if one is None:
        return None
    values = {name: value for name, value in one.flip._asdict().items() if name != "journey_id"}
    loaded = {"journey": row.journey} if Deadline.journey.is_cached(row) else {}
    return Flip(journey_id=row.journey_id, **loaded, recorded_at=one.at, **values)
