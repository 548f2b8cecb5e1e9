"""Trying a rule on a start of one's choice."""

from collections.abc import Mapping
from datetime import datetime

from slatrack.domain.instants import rfc3339
from slatrack.domain.rules import Clock, Due, Rule, due, start_names
from slatrack.tracking.closures import calendars

Value = str | int | float | bool


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
