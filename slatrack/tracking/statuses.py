"""The status of a journey: failed and lost are told once, by silence, and taken back by spans.

That an event was cancelled its spans say, and it is told at once.
"""

from datetime import datetime, timedelta

from slatrack.domain.instants import to_datetime
from slatrack.domain.journeys import Journey
from slatrack.domain.states import Status
from slatrack.tracking.decisions import NOBODY, Flipped, Moment, Told

FAILED_AFTER = timedelta(seconds=10)  # a retry may still come before a failure is told


def tell_status(journey: Journey, told: Told, moment: Moment) -> tuple[Status, Told, list[Flipped]]:
    """Return the status to show, what has been told of it now, and the change if there is one.

    The recorder tells nothing bad. What was told holds until a span contradicts it.
    """
    status = journey.status
    silence = _bad(journey, moment.read_to) if moment.silent else ""
    said = silence or (told.status if _holds(journey, told.status, moment) else "")
    if status is Status.CANCELLED:
        said = status.value  # no silence: the spans say so
    shown = Status(said) if said else status
    if said == told.status:
        return shown, told, []
    good = Status.DONE if status is Status.DONE else Status.IN_FLIGHT
    before, after = told.status or Status.IN_FLIGHT.value, said or good.value
    flip = Flipped(
        NOBODY, "", 0, told.flip_count + 1, "status", before, after, "", "",
        _since(journey), None, moment.read_to, _place(journey),
    )  # fmt: skip
    return shown, Told(said, told.flip_count + 1), [flip]


def _since(journey: Journey) -> datetime:
    """The instant that a change of the status speaks of."""
    if journey.cancelled is not None:
        return to_datetime(journey.cancelled)
    at = journey.last_sign if journey.status is Status.DONE else journey.last.end
    return to_datetime(at)


def _place(journey: Journey) -> str:
    if dead := journey.dead_letter:
        one = dead.sighting
        where = [f"partition {one.partition}"] if one.partition is not None else []
        where += [f"offset {one.offset}"] if one.offset is not None else []
        return f"put into dead-letter topic {', '.join([one.topic or '?', *where])}"
    return f"in step {journey.last.step}"


def _bad(journey: Journey, read_to: datetime) -> str:
    """What silence up to `read_to` means."""
    if read_to >= lost_at(journey) and _can_be_lost(journey):
        return Status.LOST.value
    if journey.status is Status.FAILED and read_to >= failed_at(journey):
        return Status.FAILED.value
    return ""


def _can_be_lost(journey: Journey) -> bool:
    """Whether silence means that nobody knows where the event is.

    Not so while a child is on its way, nor of one that lies in a dead-letter topic.
    """
    if journey.status in (Status.DONE, Status.CANCELLED) or journey.dead_letter is not None:
        return False
    return not journey.children.in_flight


def _holds(journey: Journey, told: str, moment: Moment) -> bool:
    """Whether no span has contradicted what was told."""
    if told == Status.LOST:
        return _can_be_lost(journey) and moment.now >= lost_at(journey)
    return told == Status.FAILED and journey.status is Status.FAILED


def status_next(journey: Journey, shown: Status, told: Told) -> list[datetime]:
    """Return the instants at which silence could change the status."""
    if shown in (Status.DONE, Status.LOST, Status.CANCELLED):
        return []
    silent = [lost_at(journey)] if _can_be_lost(journey) else []
    if journey.status is Status.FAILED and told.status != Status.FAILED:
        return [*silent, failed_at(journey)]
    return silent


def lost_at(journey: Journey) -> datetime:
    """Return when a journey of which nothing more is heard counts as lost."""
    return to_datetime(journey.last_sign) + journey.flow.lost_after


def failed_at(journey: Journey) -> datetime:
    """Return when a failure without a retry counts."""
    return to_datetime(journey.last.end) + FAILED_AFTER
