"""What a rule may start from, and how it reads its start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from slatrack.domain.rules.parts import OnMissing, Start

AttributeValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Clock:
    """The instants and attributes of one event, as far as they are known; instants are aware.

    `attributes` are what switches look at; as text they are also RFC 3339 instants to count from.
    """

    ingress: datetime | None
    steps: Mapping[str, datetime] = field(default_factory=dict)
    attributes: Mapping[str, object] = field(default_factory=dict)


def read_start(start: Start, clock: Clock) -> tuple[datetime | None, str]:
    """Return the instant that a rule counts from, or None; and why it is not the one named."""
    found, why = named_instant(start.name, clock)
    if found is not None or start.on_missing is not OnMissing.INGRESS:
        return found, why
    if clock.ingress is None:
        return None, f"{why}, nor is the ingress"
    return clock.ingress, f"{why}: counted from the ingress"


def named_instant(name: str, clock: Clock) -> tuple[datetime | None, str]:
    """Return the instant behind "ingress", "step:x" or "attr:y", or None and why."""
    if name == "ingress":
        return clock.ingress, "" if clock.ingress else "the ingress is not known"
    kind, _, rest = name.partition(":")
    if kind == "step":
        reached = clock.steps.get(rest)
        return reached, "" if reached else f"step {rest} is not reached"
    value = clock.attributes.get(rest)
    if value is None:
        return None, f"attribute {rest} is not known"
    return _instant(rest, value)


def _instant(name: str, value: object) -> tuple[datetime | None, str]:
    """Read an attribute as an instant; it is hostile input, so anything may be in it."""
    if not isinstance(value, str):
        return None, f"attribute {name} is {type(value).__name__}, not an RFC 3339 time"
    try:
        at = datetime.fromisoformat(value.upper())
        if at.tzinfo is not None:
            return at.astimezone(UTC), ""
    except (ValueError, OverflowError):
        return None, f"attribute {name} is no RFC 3339 time: {value[:40]!r}"
    return None, f"attribute {name} has no time zone: {value[:40]!r}"
