"""All calendars together: the shipped ones, with the closures that operators have added."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from slatrack.domain.calendars.calendar import Calendar, Session, UnknownCalendarError
from slatrack.domain.calendars.snapshot import CODES, read, shipped_version

Closures = Mapping[str, Mapping[date, str]]  # code: day: reason
MEMO_LIMIT = 4096


class Calendars:
    """Calendars by code, and a memory for what rules work out from them.

    Never changes: adding closures makes another one, with another version. The memory holds
    answers that depend only on its owner and on these calendars, and is dropped when it grows
    large; threads may share it, at worst an answer is worked out twice.
    """

    def __init__(self, load: Callable[[str], Calendar], version: str, closures: Closures) -> None:
        self.version = version
        self._load = load
        self._closures = closures
        self._known: dict[str, Calendar] = {}
        self._sessions: dict[tuple[str, date], Session | None] = {}
        self._memos: dict[int, tuple[object, dict[Any, Any]]] = {}

    @classmethod
    def shipped(cls) -> "Calendars":
        """Return the shipped calendars, always the same object; each is read when first asked."""
        return _shipped()

    def with_closures(self, extra: Closures) -> "Calendars":
        """Return these calendars with more days closed, each with its reason."""
        unknown = sorted(set(extra) - CODES)
        if unknown:
            raise UnknownCalendarError(f"there is no calendar {unknown[0]!r}")
        merged = {code: dict(days) for code, days in self._closures.items()}
        for code, days in extra.items():
            merged.setdefault(code, {}).update(days)
        return Calendars(self._load, _version(self.version, merged), merged)

    @property
    def closures(self) -> Closures:
        """The days closed beside those that the calendars know."""
        return self._closures

    @property
    def codes(self) -> frozenset[str]:
        """Every calendar's code."""
        return CODES

    def get(self, code: str) -> Calendar:
        """Return one calendar; UnknownCalendarError where there is none."""
        known = self._known.get(code)
        if known is None:
            known = self._known[code] = self._read(code)
        return known

    def closed_reason(self, code: str, day: date) -> str | None:
        """Return why `day` is closed ("Good Friday", "weekend"), None where it is open."""
        return self.get(code).closed_reason(day)

    def session(self, code: str, day: date) -> Session | None:
        """Return a day's trading session, None where the exchange is closed."""
        key = code, day
        if key not in self._sessions:
            self._sessions[key] = self.get(code).session(day)
        return self._sessions[key]

    def half_day(self, code: str, day: date) -> bool:
        """Say whether `day` is open for less than the usual hours."""
        return self.get(code).short_reason(day) is not None

    def horizon(self, code: str) -> tuple[date, date]:
        """Return the first and the last day that the calendar knows."""
        calendar = self.get(code)
        return calendar.first, calendar.last

    def memo(self, owner: object) -> dict[Any, Any]:
        """Return the memory kept for this very object, which must never change; empty at first.

        By identity, because hashing a rule takes longer than working it out; the owner is held,
        so that no other object can take its place.
        """
        found = self._memos.get(id(owner))
        if found is None:
            if len(self._memos) >= MEMO_LIMIT:
                self._memos = {}
            found = self._memos[id(owner)] = (owner, {})
        return found[1]

    def _read(self, code: str) -> Calendar:
        if code not in CODES:
            raise UnknownCalendarError(f"there is no calendar {code!r}: use one of {sorted(CODES)}")
        calendar = self._load(code)
        extra = self._closures.get(code)
        return replace(calendar, closed={**calendar.closed, **extra}) if extra else calendar


@cache
def _shipped() -> Calendars:
    return Calendars(read, shipped_version(), {})


def _version(before: str, closures: Closures) -> str:
    """Return the version with a digest of the closures: equal closures, equal version."""
    lines = sorted(f"{c} {day} {why}" for c, days in closures.items() for day, why in days.items())
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]
    return f"{before.split('+')[0]}+{digest}"
