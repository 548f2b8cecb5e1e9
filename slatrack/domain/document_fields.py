"""The fields of a document: each read as what it must be, what is wrong noted with its place.

Whoever read the text of the document can tell the line from the place.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from slatrack.domain.durations import parse_duration
from slatrack.domain.families import MAX_EXPECTED, ONCE, Expected

Path = tuple[str | int, ...]


class Problem(NamedTuple):
    """One thing that is wrong, where, and what to do."""

    path: Path
    reason: str


class Fields:
    """Reads plain values; a wrong one becomes a problem and a harmless default."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def problem(self, path: Path, reason: str) -> None:
        """Note that something is wrong."""
        self.problems.append(Problem(path, reason))

    def mapping(self, value: object, path: Path, fields: Sequence[str]) -> Mapping[str, object]:
        if not isinstance(value, Mapping):
            self.problem(path, f"must be a mapping with {', '.join(fields)}")
            return {}
        for name in value:
            if name not in fields:
                self.problem((*path, name), unknown("field", str(name), fields))
        return value

    def entries(self, value: object, field: str, none: str) -> Sequence[object]:
        if not isinstance(value, list) or (none and not value):
            self.problem((field,), none or "must be a list")
            return []
        return value

    def text(
        self,
        entry: Mapping[str, object],
        field: str,
        path: Path,
        default: str = "",
        longest: int = 200,
    ) -> str:
        value = entry.get(field, default)
        if isinstance(value, str) and value.strip() and len(value) <= longest:
            return value.strip()
        if field != "title":
            self.problem(
                (*path, field), f"is missing or is no text of at most {longest} characters"
            )
        return default

    def texts(self, value: object, path: Path) -> tuple[str, ...]:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(v, str) and v for v in values):
            self.problem(path, "must be a name or a list of names")
            return ()
        return tuple(dict.fromkeys(values))

    def choice(
        self,
        entry: Mapping[str, object],
        field: str,
        path: Path,
        known: Sequence[str],
        default: str,
    ) -> str:
        value = entry.get(field, default)
        if value in known:
            return str(value)
        self.problem((*path, field), unknown(field, str(value), known))
        return default

    def truth(self, entry: Mapping[str, object], field: str, path: Path) -> bool:
        value = entry.get(field, False)
        if not isinstance(value, bool):
            self.problem((*path, field), "must be true or false")
        return value is True

    def duration(self, value: object, path: Path) -> timedelta:
        try:
            found = parse_duration(str(value))
        except ValueError as exc:
            self.problem(path, str(exc))
            return timedelta()
        if found < timedelta():
            self.problem(path, "must not be negative")
        return found

    def expected(self, value: object, path: Path, *, least: int = 1) -> Expected:
        """Read how many there must be: a whole number, or {attribute: name}."""
        if isinstance(value, int) and not isinstance(value, bool) and least <= value:
            if value <= MAX_EXPECTED:
                return ONCE if value == 1 else Expected(value)
        elif isinstance(value, Mapping):
            named = self.mapping(value, path, ("attribute",))
            return Expected(1, self.text(named, "attribute", path))
        self.problem(
            path,
            f"must be a whole number from {least} to {MAX_EXPECTED:,}, or {{attribute: name}}",
        )
        return ONCE

    def unique(self, names: Sequence[str], field: str, word: str) -> None:
        for number, name in enumerate(names):
            if name and name in names[:number]:
                self.problem((field, number, word), f"{name!r} is there twice: rename one")


def unknown(word: str, name: str, known: Sequence[str] | frozenset[str] | set[str]) -> str:
    """Say that `name` is not one of the known ones, and which there are."""
    there_are = ", ".join(sorted(known)) if isinstance(known, set | frozenset) else ", ".join(known)
    return f"unknown {word} {name!r}; there is {there_are or 'none'}"
