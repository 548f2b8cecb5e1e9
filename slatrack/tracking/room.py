"""Room: whether the disk of the database is full, found out without leaving anything on it.

While it is, nothing can be recorded and nobody can be told by a row; what asks here is what people
and probes look at.
"""

import shutil
from pathlib import Path

from django.db import OperationalError, connection, transaction

SENTENCE = (
    "The disk of the database is full: nothing is recorded. Spans wait in Kafka and at their "
    "senders, and come in by themselves once there is room."
)
LITTLE = 1_000_000  # bytes: with less than that SQLite's disk is as good as full
DISK_FULL = "53100"  # PostgreSQL's code
SPILL = ("SET LOCAL work_mem = '64kB'", "SELECT count(*) FROM generate_series(1, 50000)")


def is_full() -> bool:
    """Whether there is no room for another megabyte.

    PostgreSQL is asked for rows that it cannot hold in so little memory, so it writes a file of
    0.7 MB for a moment: where its data is, unless `temp_tablespaces` names another disk.
    """
    if connection.vendor != "postgresql":
        return _free() < LITTLE
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in SPILL:
                cursor.execute(statement)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == DISK_FULL:
            return True
        raise
    return False


def _free() -> int:
    return shutil.disk_usage(Path(connection.settings_dict["NAME"]).parent).free
