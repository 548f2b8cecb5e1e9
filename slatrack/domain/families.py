"""Families: an event that splits into others, and what it knows of them.

A child names its parent. What it tells the parent is kept by the child's own id, so that any order
or repetition gives the same sum; the parent's fold sees the sum alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from slatrack.domain.matches import as_text

CHILDREN = "children"  # what a deadline waits `until`, where it waits for them
MAX_EXPECTED = 1_000_000


class Found(Protocol):
    """A match of a pattern."""

    def group(self, number: int, /) -> str | None: ...


class KeyPattern(Protocol):
    """A compiled RE2 pattern with one group."""

    def search(self, text: str, /) -> Found | None: ...


@dataclass(frozen=True, slots=True)
class Expected:
    """How many there must be: a number, or the value of an attribute of the event."""

    number: int = 1
    attribute: str | None = None

    def of(self, attributes: Mapping[str, object]) -> int | None:
        """Return the number; None where the attribute is missing or is no number of things."""
        if self.attribute is None:
            return self.number
        value = attributes.get(self.attribute)
        if isinstance(value, bool) or value is None:
            return None
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
        return number if 0 <= number <= MAX_EXPECTED else None


ONCE = Expected()


@dataclass(frozen=True, slots=True)
class ParentSpec:
    """Whose child an event is: the flow, and where the parent's key is found."""

    flow: str
    attribute: str | None = None
    pattern: str | None = None
    compiled: KeyPattern | None = field(default=None, compare=False)

    def key_of(self, key: str, attributes: Mapping[str, object], *, longest: int) -> str | None:
        """Return the parent's key of the event `key`; None while it is not known."""
        if self.attribute is not None:
            value = attributes.get(self.attribute)
            found = None if value is None else as_text(value)
        else:
            match = self.compiled.search(key) if self.compiled else None
            found = match.group(1) if match else None
        return found if found and len(found) <= longest else None


@dataclass(frozen=True, slots=True)
class ChildrenSpec:
    """How many children an event has, and whether it is done only once they are."""

    expected: Expected | None = None  # None: as many as are known
    required: bool = True


class Children(NamedTuple):
    """What is known of an event's children: how many stand how, and when. Nanoseconds UTC.

    `expected` is how many the event said it has when they were counted.
    """

    in_flight: int = 0
    done: int = 0
    failed: int = 0
    lost: int = 0
    cancelled: int = 0
    ended: int | None = None  # when the last of those that are over was over
    last: int | None = None  # the last sign of any
    expected: int | None = None

    @property
    def known(self) -> int:
        """How many children have been seen."""
        return self.in_flight + self.done + self.failed + self.lost + self.cancelled

    def wanted(self, expected: int | None) -> int:
        """Return how many must be done: those that were cancelled need not be."""
        return max(expected or 0, self.known) - self.cancelled

    def all_done(self, expected: int | None) -> bool:
        """Whether all are done that must be. Of none expected and none known, nothing is known."""
        if expected is None and not self.known:
            return False
        return self.done >= self.wanted(expected)

    def sentence(self, expected: int | None) -> str:
        """Say how they stand, e.g. "37 of 40 done, 2 failed"."""
        bad = [("failed", self.failed), ("lost", self.lost), ("cancelled", self.cancelled)]
        said = [f"{number} {word}" for word, number in bad if number]
        return ", ".join([f"{self.done} of {self.wanted(expected)} done", *said])


NO_CHILDREN = Children()
