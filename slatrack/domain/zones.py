"""Time zones from the pinned `tzdata` package, never from the machine.

Two machines must give the same deadline, and a verdict must be repeatable next year; the
system's copy of the time-zone data differs from host to host and changes under our feet.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from zoneinfo import ZoneInfo

MICROSECOND = timedelta(microseconds=1)


class UnknownZoneError(ValueError):
    """There is no such time zone."""


@cache
def zone_names() -> frozenset[str]:
    """Return every zone that can be named."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(listed.split())


def zone(name: str) -> ZoneInfo:
    """Return a zone by its IANA name."""
    if name not in zone_names():
        raise UnknownZoneError(
            f"{name!r} is no time zone: write an IANA name such as Europe/Berlin"
        )
    return _load(name)


@cache
def _load(name: str) -> ZoneInfo:
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


@cache
def zone_version() -> str:
    """Return the version of the time-zone data, as 2026.6."""
    return version("tzdata")


def instant(
    day: date, minutes: int, zone_name: str, *, shift: bool = False, second: bool = False
) -> datetime:
    """Return the UTC instant at which `minutes` past midnight show on a clock on `day`.

    1440 is the midnight that ends the day. A time that the clocks skip is the instant of the
    change, or with `shift` as long after it as the time was past the gap's start; of a time shown
    twice the first is meant, or with `second` the second. Python's fold=0 would shift silently.
    """
    shown = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001
    place = zone(zone_name)
    early = shown.replace(tzinfo=place).astimezone(UTC)
    late = shown.replace(tzinfo=place, fold=1).astimezone(UTC)
    if early == late:
        return early
    if early < late:
        return late if second else early
    return early if shift else _change(place, late, early)


def _change(place: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first instant in (before, after] that has the later one's offset."""
    offset = after.astimezone(place).utcoffset()
    while after - before > MICROSECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(place).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
