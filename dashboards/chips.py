"""The states that pages show: each has a word, an icon and a hue, never a hue alone."""

from typing import NamedTuple


class Chip(NamedTuple):
    word: str
    icon: str
    hue: str


CHIPS = {
    # where a journey stands
    "missed": Chip("Missed", "missed", "missed"),
    "late": Chip("Late", "missed", "missed"),
    "at_risk": Chip("At risk", "at-risk", "at-risk"),
    "overdue": Chip("Overdue", "at-risk", "at-risk"),
    "on_track": Chip("On track", "on-track", "on-track"),
    "met": Chip("Met", "met", "met"),
    "failed": Chip("Failed", "failed", "missed"),
    "lost": Chip("Lost", "lost", "missed"),
    "cancelled": Chip("Cancelled", "cancelled", "neutral"),
    "unknown": Chip("Unknown", "unknown", "neutral"),
    "in_flight": Chip("In flight", "on-track", "on-track"),
    "done": Chip("Done", "met", "met"),
    "waiting": Chip("Waiting", "on-track", "on-track"),
    # alerts
    "due_soon": Chip("Due soon", "at-risk", "at-risk"),
    "arrived_late": Chip("Arrived late", "missed", "missed"),
    "cleared": Chip("Cleared", "met", "met"),
    # incidents
    "open": Chip("Open", "alerts", "missed"),
    "acknowledged": Chip("Acknowledged", "owned", "on-track"),
    "snoozed": Chip("Snoozed", "snoozed", "neutral"),
    "resolved": Chip("Resolved", "met", "met"),
    # deliveries, sources, checks
    "pending": Chip("Pending", "on-track", "on-track"),
    "sent": Chip("Sent", "met", "met"),
    "superseded": Chip("Superseded", "cancelled", "neutral"),
    "expired": Chip("Expired", "cancelled", "neutral"),
    "ok": Chip("OK", "met", "met"),
    "warning": Chip("Warning", "at-risk", "at-risk"),
    "critical": Chip("Critical", "failed", "missed"),
    "info": Chip("Info", "on-track", "on-track"),
    "idle": Chip("Idle", "lost", "neutral"),
}


def chip(state: str) -> Chip:
    """Return how `state` is shown; a state without an entry is shown by its own name."""
    return CHIPS.get(state) or Chip(state.replace("_", " ").capitalize(), "unknown", "neutral")
