"""Instants: integer nanoseconds since 1970 UTC, as spans carry them, and aware datetimes."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=1_000)  # what is asked of one journey is asked several times
def to_datetime(nanoseconds: int) -> datetime:
    """Return the aware UTC datetime, cut to whole microseconds."""
    seconds, microseconds = divmod(nanoseconds // 1000, 1_000_000)
    return EPOCH + timedelta(0, seconds, microseconds)


def to_nanoseconds(at: datetime) -> int:
    """Return an aware datetime as nanoseconds since 1970 UTC, exactly."""
    return (at - EPOCH) // _MICROSECOND * 1000


def rfc3339(at: datetime | None) -> str | None:
    """Return `at` as RFC 3339 UTC: milliseconds, or microseconds where there are any."""
    if at is None:
        return None
    utc = at.astimezone(UTC)
    precision = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
