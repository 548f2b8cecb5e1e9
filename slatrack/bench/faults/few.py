"""What does not hold, in a sentence with a few examples."""

from collections.abc import Collection, Iterator
from typing import Any

SHOWN = 3  # examples in a sentence


def few(what: str, which: Collection[Any]) -> Iterator[str]:
    """Yield how many there are of what should not be, and some of them; nothing of none."""
    if which:
        yield f"{len(which):,} {what}: {'; '.join(sorted(map(str, which))[:SHOWN])}"
