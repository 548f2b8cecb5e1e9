"""Typed access to the fields of a rule document: what is missing, wrong or unknown is said."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from reprlib import Repr
from typing import Any, NoReturn, TypeVar

from slatrack.domain.durations import parse_duration
from slatrack.domain.rules.errors import Path, RuleError
from slatrack.domain.zones import zone_names

Choice = TypeVar("Choice", bound=StrEnum)
TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MANY = 200  # entries that one list may have
REQUIRED: Any = object()
SHORT = Repr()
SHORT.maxlevel, SHORT.maxstring, SHORT.maxother, SHORT.maxdict = 2, 60, 60, 3


class Fields:
    """The fields of one object in a rule document; every one must be read before `done`."""

    def __init__(self, found: object, path: Path, root: str) -> None:
        self.path = path
        self.root = root
        if not isinstance(found, Mapping):
            raise RuleError(path, f"must be an object with fields, not {show(found)}", root=root)
        self.found: Mapping[Any, object] = found
        self.known: set[str] = set()

    def fail(self, name: str | None, reason: str) -> NoReturn:
        """Refuse a field, or with None the whole object."""
        raise RuleError(self.path if name is None else (*self.path, name), reason, root=self.root)

    def done(self) -> None:
        """Refuse what nothing has asked for."""
        for name in self.found:
            if name not in self.known:
                near = get_close_matches(str(name), sorted(self.known), n=1)
                hint = f"did you mean {near[0]}?" if near else f"known are {sorted(self.known)}"
                self.fail(str(name)[:60], f"is not a field of this object: {hint}")

    def has(self, name: str) -> bool:
        """Say whether a field is given."""
        self.known.add(name)
        return name in self.found

    def get(self, name: str, what: str) -> object:
        """Return a field that must be there."""
        if not self.has(name):
            self.fail(name, f"is missing: give {what}")
        return self.found[name]

    def nested(self, name: str) -> "Fields":
        """Return a field that is itself an object."""
        return Fields(self.get(name, "an object"), (*self.path, name), self.root)

    def items(self, name: str) -> list[tuple[Path, object]]:
        """Return the entries of a list that must not be empty, each with its path."""
        found = self.get(name, "a list")
        if not isinstance(found, Sequence) or isinstance(found, str | bytes):
            self.fail(name, f"must be a list, not {show(found)}")
        if not 0 < len(found) <= MANY:
            self.fail(name, f"must have 1 to {MANY} entries, not {len(found)}")
        return [((*self.path, name, index), entry) for index, entry in enumerate(found)]

    def text(self, name: str, what: str) -> str:
        """Return a field that is text."""
        found = self.get(name, what)
        if not isinstance(found, str) or not found:
            self.fail(name, f"must be text: {what}, not {show(found)}")
        return found

    def choice(self, name: str, kind: type[Choice], default: Choice = REQUIRED) -> Choice:
        """Return a field that is one of a few words."""
        words = " or ".join(member.value for member in kind)
        if default is not REQUIRED and not self.has(name):
            return default
        found = self.get(name, words)
        if not isinstance(found, str) or found not in {member.value for member in kind}:
            self.fail(name, f"must be {words}, not {show(found)}")
        return kind(found)

    def number(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Return a field that is a whole number within bounds."""
        if default is not None and not self.has(name):
            return default
        found = self.get(name, f"a whole number from {low} to {high}")
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            self.fail(name, f"must be a whole number from {low} to {high}, not {show(found)}")
        return found

    def duration(
        self, name: str, *, negative: bool = False, default: str | None = None
    ) -> timedelta:
        """Return a field that is elapsed time; below zero only where `negative` allows it."""
        if default is not None and not self.has(name):
            return parse_duration(default)
        try:
            amount = parse_duration(self.text(name, "a duration such as PT15M"))
        except RuleError:
            raise
        except ValueError as why:
            self.fail(name, str(why))
        if amount < timedelta(0) and not negative:
            self.fail(name, "must not be negative here")
        return amount

    def time(self, name: str) -> int:
        """Return a field that is a local time of day, in minutes past midnight."""
        found = self.get(name, 'a local time such as "08:00"')
        if not isinstance(found, str) or not TIME.fullmatch(found):
            hint = ' (YAML reads 16:15 without quotes as a number: write "16:15")'
            also = hint if isinstance(found, int) else ""
            self.fail(name, f'must be a local time "HH:MM" or "24:00", not {show(found)}{also}')
        hours, minutes = found.split(":")
        return int(hours) * 60 + int(minutes)

    def day(self, name: str) -> date:
        """Return a field that is a date; YAML may have made it one already."""
        found = self.get(name, "a date such as 2026-03-30")
        if isinstance(found, date) and not isinstance(found, datetime):
            return found
        try:
            if not isinstance(found, str) or not DAY.fullmatch(found):
                raise ValueError
            return date.fromisoformat(found)
        except ValueError:
            self.fail(name, f"must be a date such as 2026-03-30, not {show(found)}")

    def zone(self, name: str) -> str:
        """Return a field that is an IANA time zone."""
        found = self.text(name, "an IANA time zone such as Europe/Berlin")
        if found not in zone_names():
            near = get_close_matches(found, zone_names(), n=1)
            hint = f"did you mean {near[0]}?" if near else "write one such as Europe/Berlin"
            self.fail(name, f"{show(found)} is no IANA time zone: {hint}")
        return found


def show(found: object) -> str:
    """Return a value as an error may show it: short, on one line, however large or deep it is."""
    try:
        return SHORT.repr(found)
    except ValueError:  # Python writes no number of thousands of digits
        return "a huge number"
