"""Lengths of time as people read them. `times.js` says the same in the browser."""

from datetime import timedelta

from slatrack.domain.sentences import span

SHORT = 0.01  # seconds: below that, parts of a millisecond count
MINUTE, HOUR, DAY = 60, 3600, 86400


def duration(length: timedelta | float) -> str:
    """Return "42 ms", "3.1 s", "4 min 12 s", "2 h 5 min" or "3 d 4 h"; the sign is left out."""
    seconds = abs(length.total_seconds() if isinstance(length, timedelta) else length)
    if seconds < SHORT:
        return f"{seconds * 1000:.2g} ms"
    return span(timedelta(seconds=seconds))


def face(length: timedelta | float) -> str:
    """Return the face of a countdown: "04:12", "1:04:12" or "3 d 04:12"; the sign is left out."""
    seconds = int(abs(length.total_seconds() if isinstance(length, timedelta) else length))
    days, hours, minutes = seconds // DAY, seconds // HOUR % 24, seconds // MINUTE % 60
    if days:
        return f"{days} d {hours:02}:{minutes:02}"
    if hours:
        return f"{hours}:{minutes:02}:{seconds % 60:02}"
    return f"{minutes:02}:{seconds % 60:02}"


def size(count: int) -> str:
    """Return a number of bytes as "812 B", "1.2 kB" or "3.4 MB"."""
    if count < 1000:
        return f"{count} B"
    value, unit = float(count), "B"
    for unit in ("kB", "MB", "GB"):  # noqa: B007 (the last one holds)
        value /= 1000
        if value < 1000:
            break
    return f"{value:.1f} {unit}"
