"""The status of a journey: failed and lost are told once, by silence, and taken back by spans."""

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
    bad = silence or (told.status if _holds(journey, told.status, moment) else "")
    shown = Status(bad) if bad else status
    if bad == told.status:
        return shown, told, []
    good = Status.DONE if status is Status.DONE else Status.IN_FLIGHT
    before, after = told.status or Status.IN_FLIGHT.value, bad or good.value
    at = to_datetime(journey.end if status is Status.DONE else journey.last.end)
    flip = Flipped(
        NOBODY, "", 0, told.flip_count + 1, "status", before, after, "", "",
        at, None, moment.read_to, f"in step {journey.last.step}",
    )  # fmt: skip
    return shown, Told(bad, told.flip_count + 1), [flip]


def _bad(journey: Journey, read_to: datetime) -> str:
    """What silence up to `read_to` means."""
    if journey.status is not Status.DONE and read_to >= lost_at(journey):
        return Status.LOST.value
    if journey.status is Status.FAILED and read_to >= failed_at(journey):
        return Status.FAILED.value
    return ""


def _holds(journey: Journey, told: str, moment: Moment) -> bool:
    """Whether no span has contradicted what was told."""
    if told == Status.LOST:
        return journey.status is not Status.DONE and moment.now >= lost_at(journey)
    return told == Status.FAILED and journey.status is Status.FAILED


def status_next(journey: Journey, shown: Status, told: Told) -> list[datetime]:
    """Return the instants at which silence could change the status."""
    if shown in (Status.DONE, Status.LOST, Status.CANCELLED):
        return []
    if journey.status is Status.FAILED and told.status != Status.FAILED:
        return [lost_at(journey), failed_at(journey)]
    return [lost_at(journey)]


def lost_at(journey: Journey) -> datetime:
    """Return when a journey of which nothing more is heard counts as lost."""
    return to_datetime(journey.end) + journey.flow.lost_after


def failed_at(journey: Journey) -> datetime:
    """Return when a failure without a retry counts."""
    return to_datetime(journey.last.end) + FAILED_AFTER
