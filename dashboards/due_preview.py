"""Trying a rule on starts of one's choice."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from slatrack.domain.instants import rfc3339
from slatrack.domain.rules import Clock, Due, Rule, RuleError, due, parse, start_names
from slatrack.tracking.closures import calendars

Value = str | int | float | bool
MOST_STARTS, DAYS = 10, 5


class Tried(NamedTuple):
    """One start of the preview: when it would be due and why, or what is wrong with it."""

    start: datetime | str
    due_at: datetime | None
    warnings: tuple[datetime, ...]
    reasons: tuple[str, ...]


def preview(rule: Rule, start: datetime, attributes: Mapping[str, Value]) -> Due:
    """Return when `rule` is due if everything that it counts from happens at `start`.

    Attributes that are given keep their value; the others that the rule counts from are `start`.
    """
    names = start_names(rule)
    started = {name[5:]: str(rfc3339(start)) for name in names if name.startswith("attr:")}
    clock = Clock(
        ingress=start,
        steps={name[5:]: start for name in names if name.startswith("step:")},
        attributes={**started, **attributes},
    )
    return due(rule, clock, calendars=calendars())


def sample_starts() -> list[str]:
    """Return five starts worth looking at: now, tonight, at the weekend, at year's end."""
    here = timezone.localtime().replace(second=0, microsecond=0)
    friday = here + timedelta(days=(4 - here.weekday()) % 7)
    starts = [
        here,
        here.replace(hour=18, minute=20),
        friday.replace(hour=16, minute=55),
        (friday + timedelta(days=1)).replace(hour=9, minute=0),
        here.replace(month=12, day=31, hour=12, minute=0),
    ]
    return [at.isoformat(timespec="minutes") for at in starts]


def tried(entry: Mapping[str, Any] | None, starts: str) -> list[Tried]:
    """Return when the rule of a deadline would be due for some starts, one a line.

    One start alone stands for five: those at its time of day on the next days too.
    """
    try:
        rule = parse((entry or {}).get("rule"))
    except RuleError:
        return []
    lines = [line.strip() for line in starts.splitlines() if line.strip()]
    found = [_start(line) for line in lines[:MOST_STARTS]]
    if len(found) == 1 and isinstance(found[0], datetime):
        found = [found[0] + timedelta(days=day) for day in range(DAYS)]
    return [_tried(rule, at) for at in found]


def _start(text: str) -> datetime | str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return at if at.tzinfo else timezone.make_aware(at)


def _tried(rule: Rule, start: datetime | str) -> Tried:
    if isinstance(start, str):
        return Tried(start, None, (), ("no time: write e.g. 2026-11-23T10:00+00:00",))
    found = preview(rule, start.astimezone(UTC), {})
    return Tried(start, found.due_at, found.warnings, found.reasons)
