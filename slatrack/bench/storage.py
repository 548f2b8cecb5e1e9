"""What a benchmark's database holds and logs, in bytes."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from slatrack.domain.durations import parse_duration
from slatrack.tracking import housekeeping


def stored_bytes() -> int:
    """Return what the database takes on the disk, indexes included."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute(
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            )
        return int(cursor.fetchone()[0])


def logged_bytes() -> int | None:
    """Return how far PostgreSQL's log has come, in bytes; None for another database."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])


def let_expire(*, now: datetime) -> None:
    """Have all that matched nothing expire, and give its place back to the disk."""
    kept = parse_duration(settings.SLATRACK.parked_for)
    housekeeping.expire_parked(now=now + kept + timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM FULL" if connection.vendor == "postgresql" else "VACUUM")
