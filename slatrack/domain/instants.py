"""Instants: integer nanoseconds since 1970 UTC, as spans carry them, and aware datetimes."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_datetime(nanoseconds: int) -> datetime:
    """Return the aware UTC datetime, cut to whole microseconds."""
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)


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
