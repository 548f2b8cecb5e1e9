"""Short ways to write the rules and instants that tests are about."""

from datetime import UTC, datetime
from typing import Any

from slatrack.domain.calendars import Calendars
from slatrack.domain.rules import Clock, Due, due, parse

SHIPPED = Calendars.shipped()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def ask(rule: dict[str, Any], start: str, *, calendars: Calendars = SHIPPED, **attributes) -> Due:
    return due(parse(rule), Clock(at(start), attributes=attributes), calendars=calendars)


def duration(amount: str, **more) -> dict[str, Any]:
    return {"kind": "duration", "from": "ingress", "amount": amount, **more}


def cutoff(time="08:00", tz="America/New_York", *, base=None, add=None, **more) -> dict[str, Any]:
    return {
        "kind": "cutoff",
        "from": "ingress",
        "base": {"tz": tz, **(base or {})},
        "add": {"unit": "business_day", "n": 1, "calendar": "XNYS", **(add or {})},
        "at": {"time": time, "tz": tz},
        **more,
    }


def days(n: int, time: str, tz: str, **more) -> dict[str, Any]:
    """A cutoff that counts plain days."""
    return {**cutoff(time, tz, **more), "add": {"unit": "calendar_day", "n": n}}


def months(n: int, tz="Europe/Rome", base=None, **add) -> dict[str, Any]:
    counted = {"unit": "month", "n": n, **add}
    return {**cutoff("24:00", tz, base=base), "add": counted}


def session(calendar: str, anchor: str, **more) -> dict[str, Any]:
    return {"kind": "session", "from": "ingress", "calendar": calendar, "anchor": anchor, **more}


TRF = {"calendar": "XNYS", "tz": "America/New_York", "open": "08:00", "close": "18:30"}


def window(hours=TRF, inside="PT15M", plus="PT15M", **more) -> dict[str, Any]:
    outside = {"to": "next_open", "plus": plus}
    return {
        "kind": "window",
        "from": "ingress",
        "window": hours,
        "inside": inside,
        "outside": outside,
        **more,
    }


def open_time(amount: str, hours: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "open_time", "from": "ingress", "amount": amount, "window": hours}
