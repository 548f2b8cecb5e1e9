"""What templates say: icons, states, times, lengths of time, links that exist.

`{% load slatrack %}`. All text passes through Django's escaping.
"""

from datetime import UTC, datetime, timedelta

from django import template
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.chips import chip as chip_of

register = template.Library()

SHOWN = {"second": "%H:%M:%S", "minute": "%H:%M", "time": "%H:%M"}


@register.filter
def duration(length: timedelta | float | None) -> str:
    """Return a length (timedelta or seconds) in words, "–" for none."""
    return "–" if length is None else words.duration(length)


@register.filter
def duration_ms(milliseconds: float | None) -> str:
    """Return a length in milliseconds in words, "–" for none."""
    return "–" if milliseconds is None else words.duration(milliseconds / 1000)


@register.filter
def face(length: timedelta | float | None) -> str:
    """Return a length as a countdown's face, "–" for none."""
    return "–" if length is None else words.face(length)


@register.filter
def size(count: int | None) -> str:
    """Return a number of bytes in words, "–" for none."""
    return "–" if count is None else words.size(count)


@register.filter
def epoch_ms(at: datetime | str | None) -> str:
    """Return an instant as milliseconds since 1970, for scripts; empty for none."""
    moment = _moment(at)
    return "" if moment is None else str(int(moment.timestamp() * 1000))


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return an icon of the sprite; with `label` it is read aloud, otherwise it is decoration."""
    address = f"{static('dashboards/icons.svg')}#{name}"
    if not label:
        return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', address)
    return format_html(
        '<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, address
    )


@register.simple_tag
def chip(state: str, word: str = "") -> SafeString:
    """Return a state as icon and word in its hue; `word` replaces the usual one."""
    shown = chip_of(str(state))
    return format_html(
        '<span class="chip is-{}">{}{}</span>', shown.hue, icon(shown.icon), word or shown.word
    )


@register.simple_tag
def when(at: datetime | str | None, show: str = "second", zone: str = "") -> SafeString | str:
    """Return an instant as <time>, in the person's zone; `show` is second, minute, time (never
    with its day) or millis.

    With `zone="zone"` the zone's name stands behind it. UTC is in the datetime attribute.
    """
    moment = _moment(at)
    if moment is None:
        return "–"
    here = timezone.localtime(moment)
    text = _clock(here, show)
    if show != "time" and here.date() != timezone.localtime().date():
        year = f" {here.year}" if here.year != timezone.localtime().year else ""
        text = f"{here:%a} {here.day} {here:%b}{year} {text}"
    tail = f" {here.tzname()}" if zone else ""
    return format_html(
        '<time datetime="{}" data-show="{}"{}>{}{}</time>',
        moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        show,
        SafeString(" data-zone") if zone else "",
        text,
        tail,
    )


def _clock(here: datetime, show: str) -> str:
    if show == "millis":
        return f"{here:%H:%M:%S}.{here.microsecond // 1000:03}"
    return here.strftime(SHOWN.get(show, SHOWN["second"]))


def _moment(at: datetime | str | None) -> datetime | None:
    if isinstance(at, str):
        return datetime.fromisoformat(at) if at else None
    return at


@register.filter
def utc_minute(at: datetime) -> str:
    """Return an instant in UTC, "Mon 2026-06-15 14:30:00"."""
    return f"{at.astimezone(UTC):%a %Y-%m-%d %H:%M:%S}"


@register.simple_tag
def copy(text: str, label: str = "Copy") -> SafeString:
    """Return a button that copies `text`."""
    return format_html(
        '<button type="button" class="copy" data-copy="{}" aria-label="{}" title="{}">{}</button>',
        text,
        label,
        label,
        icon("copy"),
    )


@register.simple_tag
def url_or_nothing(name: str) -> str:
    """Return the address of a page, empty where this installation has no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
