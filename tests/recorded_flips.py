"""What was recorded of journeys, as values: flips that are rows, and those that deadlines tell."""

from typing import Any

from slatrack.tracking import flip_history

ALL = (
    "journey_id", "deadline", "version", "number", "about", "before", "after", "severity", "step",
    "at", "due_at", "watermark", "reason", "almanac", "recorded_at",
)  # fmt: skip


def recorded(*fields: str, about: str = "", **which: Any) -> list[tuple[Any, ...]]:
    """Return fields of all flips (of some journeys), those of one deadline in order of number."""
    found = [one for one in flip_history.every(**which) if about in ("", one.about)]
    return [tuple(_value(one, name) for name in fields or ALL) for one in found]


def _value(of: Any, field: str) -> Any:
    for name in field.split("__"):
        of = getattr(of, name)
    return of
