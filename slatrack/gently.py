"""Walks over very many rows that nobody waits for: they rest in their midst.

PostgreSQL knows no priorities: a query that counts a million rows takes a core, or with parallel
workers all of them, from spans and alerts for as long as it runs. One that rests takes a quarter of
one; and where somebody waits for it, it takes no more than one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Func, Q

ROWS = 5_000  # rows that pass between two rests: a few milliseconds
PAUSE = 0.015  # seconds of a rest: about three times as long

_is_gentle: ContextVar[bool] = ContextVar("gently", default=False)


class _Alone(Func):
    """True of each row. No parallel worker may call `random`: the query keeps to one process."""

    output_field = BooleanField()
    template = "random() >= 0"


class _Rests(_Alone):
    """True of each row too, now and then after a rest; PostgreSQL asks it after all else."""

    template = f"(random() * {ROWS} >= 1 OR pg_sleep({PAUSE}) IS NOT NULL)"


@contextmanager
def gently() -> Iterator[None]:
    """Have queries in this block rest, as far as they ask by `rests`."""
    before = _is_gentle.set(True)
    try:
        yield
    finally:
        _is_gentle.reset(before)


def resting() -> bool:
    """Whether a query that asks by `rests` does rest here. SQLite's readers hold up nobody."""
    return _is_gentle.get() and connection.vendor == "postgresql"


def rests() -> Any:
    """Return what to filter very many rows by: nothing but that the query keeps to one process.

    In `gently` it rests as well.
    """
    if connection.vendor != "postgresql":
        return Q()
    return _Rests() if resting() else _Alone()
