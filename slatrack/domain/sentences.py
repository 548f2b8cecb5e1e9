"""The verdict in words: the same sentence on every page, in messages and in the API."""

from datetime import datetime, timedelta

from slatrack.domain.states import Verdict

JUST_BELOW_A_SECOND, JUST_BELOW_TEN = 0.9995, 9.95  # what is more is rounded up to them
NOT_APPLICABLE = "not applicable"  # what the reason of a deadline begins with that matters no more


def verdict_sentence(
    verdict: Verdict,
    *,
    due_at: datetime | None,
    reached_at: datetime | None,
    reason: str,
    now: datetime,
) -> str:
    """Say how an event stands to its deadline, e.g. "Late by 4 min 12 s"."""
    if due_at is None and reason.startswith(NOT_APPLICABLE):
        return f"N{reason[1:]}"
    if due_at is None:
        return f"No deadline can be calculated: {reason or 'its rule does not apply'}"
    if verdict is Verdict.MET:
        return f"On time, {span(due_at - (reached_at or due_at))} to spare"
    if verdict is Verdict.MISSED:
        return (
            f"Late by {span(reached_at - due_at)}"
            if reached_at
            else f"Missed {span(now - due_at)} ago"
        )
    if verdict is Verdict.UNKNOWN:
        return f"Unknown whether on time: {reason}"
    if now > due_at:
        return f"Overdue by {span(now - due_at)}, waiting for telemetry"
    return f"Due in {span(due_at - now)}"


def span(length: timedelta) -> str:
    """Return a length of time for people: "2 d 4 h", "4 min 12 s", "2.5 s", "3 s", "350 ms"."""
    seconds = abs(length.total_seconds())
    if seconds < JUST_BELOW_A_SECOND:
        return f"{seconds * 1000:.0f} ms"
    if seconds < JUST_BELOW_TEN:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = max(int(seconds), 10)
    for size, unit, below, smaller in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"
