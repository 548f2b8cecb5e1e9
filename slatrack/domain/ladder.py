"""The ladder of an alert: which rung a flip stands for, and which rung is worse.

Each rung is told at most once per event, deadline and rule version; *due soon* once per warning.
"""

from enum import StrEnum

from slatrack.domain.states import Status, Verdict


class Rung(StrEnum):
    AT_RISK = "at_risk"
    DUE_SOON = "due_soon"
    STALLED = "stalled"
    UNKNOWN = "unknown"
    MISSED = "missed"
    FAILED = "failed"
    LOST = "lost"
    ARRIVED_LATE = "arrived_late"
    CLEARED = "cleared"


CALLING = frozenset(
    {Rung.AT_RISK, Rung.DUE_SOON, Rung.STALLED, Rung.MISSED, Rung.FAILED, Rung.LOST}
)  # these open an incident; the others only add to one
BEFORE_DUE = frozenset({Rung.AT_RISK, Rung.DUE_SOON})  # pointless once the due time has passed
ENDING = frozenset({Rung.ARRIVED_LATE, Rung.CLEARED})

_RANK = {
    Rung.AT_RISK: 10,
    Rung.DUE_SOON: 20,
    Rung.STALLED: 50,
    Rung.LOST: 60,
    Rung.FAILED: 70,
    Rung.MISSED: 80,
}
_MOST_WARNINGS = 20


def rank(rung: Rung, number: int = 0) -> int:
    """Return how bad a rung is: 0 for those that call nobody; each warning above the one before."""
    if rung is Rung.DUE_SOON:
        return _RANK[rung] + min(number, _MOST_WARNINGS)
    return _RANK.get(rung, 0)


def rung_of(about: str, before: str, after: str) -> tuple[Rung, int] | None:
    """Return the rung, and which warning it is (else 0), that a flip stands for; None: no alert."""
    if about == "risk":
        return (Rung.AT_RISK, 0) if after == "at_risk" else None
    if about == "warning":
        return Rung.DUE_SOON, int(after) if after.isdecimal() else 1
    rung = _of_status(before, after) if about == "status" else _of_verdict(before, after)
    return (rung, 0) if rung else None


def _of_verdict(before: str, after: str) -> Rung | None:
    if after == Verdict.MISSED:  # missed twice: seen at last, and late
        return Rung.ARRIVED_LATE if before == Verdict.MISSED else Rung.MISSED
    if after == Verdict.UNKNOWN:
        return Rung.UNKNOWN
    return Rung.CLEARED if before in (Verdict.MISSED, Verdict.UNKNOWN) else None


def _of_status(before: str, after: str) -> Rung | None:
    if after == Status.FAILED:
        return Rung.FAILED
    if after == Status.LOST:
        return Rung.LOST
    return Rung.CLEARED if before in (Status.FAILED, Status.LOST) else None


SEVERITIES = ("info", "warning", "critical")


def worse_severity(one: str, other: str) -> str:
    """Return the graver of two severities; one that is not in the list counts as a warning."""
    return max(one, other, key=_gravity)


def _gravity(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else 1
