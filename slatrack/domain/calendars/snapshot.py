"""The shipped calendars, read from the text files that scripts/make_calendars.py writes."""

from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable

from slatrack.domain.calendars.calendar import Calendar, Segments, ShortDay

EXCHANGE_CODES = frozenset(
    "XAMS XASX XBRU XETR XHKG XLON XNYS XPAR XSES XSWX XTKS XTSE".split()  # noqa: SIM905
)
CODES = EXCHANGE_CODES | {"GB_EW", "SIFMA_US", "TARGET", "US_FED", "US_FEDERAL", "WEEKDAYS"}
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORDS = ("code", "title", "zone", "known", "week")


def shipped_version() -> str:
    """Return the version of the shipped data, as 2026.11."""
    return _data("VERSION").read_text(encoding="utf-8").split("\n")[0]


def read(code: str) -> Calendar:
    """Return one shipped calendar."""
    return parse(_data(f"{code}.txt").read_text(encoding="utf-8"))


def parse(text: str) -> Calendar:
    """Return the calendar that a data file describes."""
    lines = [line.split(" ", 1) for line in text.splitlines() if line and line[0] != "#"]
    head = {word: rest for word, rest in lines if word in WORDS}
    first, last = head["known"].split()
    days = [(date.fromisoformat(word), rest) for word, rest in lines if word[0].isdigit()]
    return Calendar(
        code=head["code"],
        title=head["title"],
        zone=head["zone"],
        first=date.fromisoformat(first),
        last=date.fromisoformat(last),
        weekdays=frozenset(WEEK.index(name) for name in head["week"].split()),
        hours=tuple(_hours(rest) for word, rest in lines if word == "hours"),
        closed={day: rest[7:] for day, rest in days if rest.startswith("closed ")},
        short={day: _short(rest) for day, rest in days if not rest.startswith("closed ")},
    )


def _data(name: str) -> Traversable:
    return files("slatrack.domain.calendars").joinpath("data", name)


def _hours(rest: str) -> tuple[date, Segments]:
    since, segments = rest.split()
    return date.fromisoformat(since), _segments(segments)


def _short(rest: str) -> ShortDay:
    """Read `09:30-13:00 reason`, or `closes 14:00 reason` where the usual hours are unknown."""
    if rest.startswith("closes "):
        return ShortDay(None, rest.split(" ", 2)[2])
    segments, reason = rest.split(" ", 1)
    return ShortDay(_segments(segments), reason)


def _segments(text: str) -> Segments:
    pairs = (part.split("-") for part in text.split(","))
    return tuple((_minutes(start), _minutes(end)) for start, end in pairs)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
