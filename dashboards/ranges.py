"""The ranges of time that charts and lists offer; the choice is in the address as ?range=."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Range:
    """One choice; `bucket` is the width of a column over time."""

    name: str
    title: str
    length: timedelta
    bucket: timedelta

    def since(self, now: datetime) -> datetime:
        """Return where the range begins if it ends at `now`."""
        return now - self.length


RANGES = (
    Range("15m", "15 minutes", timedelta(minutes=15), timedelta(seconds=15)),
    Range("1h", "1 hour", timedelta(hours=1), timedelta(minutes=1)),
    Range("6h", "6 hours", timedelta(hours=6), timedelta(minutes=5)),
    Range("24h", "24 hours", timedelta(hours=24), timedelta(minutes=20)),
    Range("7d", "7 days", timedelta(days=7), timedelta(hours=2)),
)
USUAL = RANGES[1]


def chosen(name: str | None) -> Range:
    """Return the range called `name`; the usual one where there is none of that name."""
    return next((one for one in RANGES if one.name == name), USUAL)
