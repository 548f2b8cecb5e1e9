"""The history of journeys: flips that are rows, those that deadlines tell and those that wait.

Who wants to know what was recorded reads it here. Deadlines are read first, then the queue: one
that ceases to tell its flip, or is taken up, meanwhile leaves it as a row, and then the row counts.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from slatrack.tracking import deadline_rows
from slatrack.tracking.decisions import Decided
from slatrack.tracking.implied_flips import implied
from slatrack.tracking.kept_deadlines import unpack
from slatrack.tracking.models import Flip, Journey, UnroutedFlip


def history(journey_id: UUID, *, newest: int) -> list[Flip]:
    """Return the newest flips of a journey, at most so many, in the order of recording.

    Of what was recorded at once each deadline's come in order of number, that due first ahead, the
    journey's own last. Only a flip that is a row, and waits no more, has an id.
    """
    deadlines = deadline_rows.read([journey_id]).get(journey_id, [])
    news = list(UnroutedFlip.objects.filter(journey=journey_id))
    rows = Flip.objects.filter(journey=journey_id).order_by("-recorded_at", "-id")[:newest]
    order = {one.name: place for place, one in enumerate(deadlines)}
    found = sorted(
        _all(_told(journey_id, deadlines), news, rows),
        key=lambda one: (
            one.recorded_at, not one.deadline, order.get(one.deadline, 0), one.number
        ),
    )  # fmt: skip
    return found[-newest:]


def every(**which: Any) -> list[Flip]:
    """Return all flips of the journeys that `which` chooses (`journey=...`, `journey__key=...`).

    Those of one deadline are in order of number.
    """
    told = list(_told_of(**which))
    news = list(_with_flow(UnroutedFlip, **which))
    found = _all(told, news, _with_flow(Flip, **which))
    return sorted(found, key=lambda one: (one.journey_id.int, one.deadline, one.number))


def _with_flow(model: Any, **which: Any) -> Any:
    rows = model.objects.filter(**which)
    return rows.select_related("journey__flow").defer("journey__parts")


def _told_of(**which: Any) -> Iterator[Flip]:
    own = {name.removeprefix("journey__"): value for name, value in which.items()}
    if "journey" in own:
        own["pk"] = getattr(journey := own.pop("journey"), "pk", journey)
    rows = Journey.objects.filter(**own, kept__isnull=False).select_related("flow").defer("parts")
    for row in rows:
        yield from _told(row.pk, unpack(row.kept_terms, row.kept), journey=row)


def _all(told: Iterable[Flip], news: Iterable[UnroutedFlip], rows: Iterable[Flip]) -> list[Flip]:
    others = [*told, *(one.as_flip() for one in news)]
    found = list(rows)
    written = {_place(flip) for flip in found}
    return found + [flip for flip in others if _place(flip) not in written]


def _place(flip: Flip) -> tuple[Any, ...]:
    return flip.journey_id, flip.deadline, flip.version, flip.number


def _told(journey_id: UUID, deadlines: Iterable[Decided], **loaded: Journey) -> Iterator[Flip]:
    """Yield the flips that deadlines tell, unsaved."""
    for one in deadlines:
        if flip := implied(journey_id, one):
            values = {**flip.flip._asdict(), **loaded}
            yield Flip(**values, recorded_at=flip.at)
