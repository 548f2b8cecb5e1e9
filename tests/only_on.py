"""Tests of what only one of the databases does."""

from collections.abc import Callable
from typing import Any

from django.db import connection

Test = Callable[..., Any]


def only_on(vendor: str) -> Callable[[Test], Test | None]:
    """Make it no test on another database: nothing is skipped."""
    return lambda test: test if connection.vendor == vendor else None
