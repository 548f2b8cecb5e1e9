"""Where a journey stands on the board: its lane and the state that its row shows."""

from datetime import datetime

from slatrack.domain.states import Status, Verdict
from slatrack.tracking.models import Journey

LANES = {
    "missed": "Missed",
    "failed": "Failed",
    "due_soon": "Due soon",
    "at_risk": "At risk",
    "on_track": "On track",
    "done": "Just done",
}


def standing(row: Journey, *, now: datetime, unreached: bool = False, at_risk: bool = False) -> str:
    """Return the state that is shown for a journey (a name of `chips.CHIPS`).

    `unreached`: what its deadline waits for has not been seen; a missed one is then not late.
    `at_risk`: by its forecast.
    """
    if row.status in (Status.LOST, Status.CANCELLED, Status.FAILED) and not _missed(row):
        return row.status
    if row.status == Status.DONE and not (unreached and _missed(row)):
        return {Verdict.MISSED.value: "late", Verdict.MET.value: "met"}.get(row.verdict, "done")
    if _missed(row):
        return "missed"
    if row.verdict == Verdict.UNKNOWN:
        return "unknown"
    if row.due_at is not None and row.due_at <= now and row.verdict == Verdict.WAITING:
        return "overdue"  # not seen yet, and not yet proven to be missed
    if at_risk and row.verdict == Verdict.WAITING:
        return "at_risk"
    if row.warn_at is not None and row.warn_at <= now and row.verdict == Verdict.WAITING:
        return "due_soon"
    return "on_track" if row.due_at is not None else "in_flight"


def _missed(row: Journey) -> bool:
    return row.verdict == Verdict.MISSED
