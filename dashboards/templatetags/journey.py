"""What the templates of a journey say."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template

from dashboards import way_lines, words
from dashboards.journey_history import Happening
from slatrack.domain.confidence import confidence as confidence_of
from slatrack.domain.forecasts.sentences import percent

register = template.Library()

NOTICED = timedelta(seconds=5)


@register.filter
def failed(span: Mapping[str, Any]) -> bool:
    """Whether a span ended in an error."""
    return way_lines.failed(span)


@register.filter
def took(span: Mapping[str, Any]) -> str:
    """Return how long a span lasted."""
    return words.duration((span["end_ns"] - span["start_ns"]) / 1e9)


@register.filter
def confidence(bound_by: str) -> str:
    """Return how sure a binding is, "certain"."""
    return confidence_of(bound_by) if bound_by else ""


@register.filter
def place(one: Mapping[str, Any]) -> str:
    """Return partition and offset, "p3 @ 88213"."""
    return way_lines.coordinates(one)


@register.filter
def pretty(value: Any) -> str:
    """Return JSON for people; the template escapes it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.filter
def utc_clock(at: datetime) -> str:
    """Return the UTC time of day to the millisecond."""
    there = at.astimezone(UTC)
    return f"{there:%H:%M:%S}.{there.microsecond // 1000:03}"


@register.filter
def recorded_late(one: Happening) -> bool:
    """Whether slatrack learned of it noticeably after the instant it speaks of."""
    return one.known - one.at > NOTICED


@register.filter
def before(milliseconds: float) -> str:
    """Return how long before it was: "3 s before", "just before"."""
    return f"{words.duration(milliseconds / 1000)} before" if milliseconds >= 1 else "just before"


@register.filter
def nanoseconds(length: int | None) -> str:
    """Return a length in nanoseconds as people read it; a dash for none."""
    return words.duration(length / 1e9) if isinstance(length, int) else "–"


@register.filter
def likely(share: float) -> str:
    """Return a probability as people read it."""
    return percent(share)
