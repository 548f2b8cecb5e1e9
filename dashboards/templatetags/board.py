"""What the board's templates say."""

from datetime import datetime, timedelta

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from dashboards import words
from dashboards.board_filter import BoardFilter
from dashboards.board_rows import Row
from dashboards.chips import chip

register = template.Library()

FAR = timedelta(days=1)
PERCENT = 100


@register.simple_tag
def board_query(chosen: BoardFilter, **changes: object) -> str:
    """Return the query string of the board with some filters changed."""
    return chosen.but(**changes)


@register.simple_tag
def journey_url(flow: str, key: str) -> str:
    """Return the address of a journey; "#" where its names fit no address."""
    try:
        return reverse("journey", kwargs={"flow": flow, "key": key})
    except NoReverseMatch:
        return "#"


@register.filter
def hue(state: str) -> str:
    """Return the hue of a state, as a class name's end."""
    return chip(state).hue


@register.filter
def share(part: float) -> str:
    """Return a share as a percentage that never rounds up to 100."""
    if part >= 1:
        return "100"
    digits = 2 if part > 0.99 else 1
    return f"{min(part * PERCENT, PERCENT - 10**-digits):.{digits}f}"


@register.filter
def short(length: timedelta) -> str:
    """Return a length as a face from a minute on, in words below."""
    return words.face(length) if length >= timedelta(minutes=1) else words.duration(length)


@register.filter
def since_face(at: datetime) -> str:
    """Return how long ago `at` was, as the browser goes on counting it."""
    return words.face(timezone.now() - at)


@register.filter
def from_now(at: datetime) -> str:
    """Return how far ahead `at` is, in words."""
    return words.duration(at - timezone.now())


@register.filter
def left_face(row: Row) -> str:
    """Return the time left as a countdown shows it: "04:12", "late 04:12", "Tue 24 Nov 08:59"."""
    due_at = row.journey.due_at
    if due_at is None:
        return ""
    left = due_at - timezone.now()
    if left >= FAR:
        return f"{timezone.localtime(due_at):%a %d %b %H:%M}"
    return words.face(left) if left > timedelta() else f"{row.past} {words.face(left)}"


@register.simple_tag
def used(row: Row) -> str:
    """Return how much of its time an event has used, in percent of the bar."""
    until = row.journey.ended_at or timezone.now()
    return _percent(row, until)


@register.simple_tag
def warn_at(row: Row) -> str:
    """Return where on its bar an event is warned of."""
    return _percent(row, row.journey.warn_at)


def _percent(row: Row, at: datetime | None) -> str:
    due_at = row.journey.due_at
    if due_at is None or at is None or due_at <= row.started_at:
        return "100"
    part = (at - row.started_at) / (due_at - row.started_at)
    return f"{max(0.0, min(1.0, part)) * PERCENT:.1f}"
