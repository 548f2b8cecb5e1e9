"""Which database Django uses: SQLite in the data folder, or the PostgreSQL of a URL."""

import sys
from pathlib import Path
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

NAMES = {"user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def sqlite(folder: Path) -> dict[str, Any]:
    """Return settings of a SQLite that several threads write to and no crash loses a commit of."""
    return {
        "ENGINE": "slatrack.fair_sqlite",
        "NAME": folder / "slatrack.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
        },
    }


# A server that has vanished without a word is noticed within half a minute. And one that hears no
# more of a transaction ends it: a process that was stopped in the midst of one would hold its rows
# for ever, and keep those who take over from it waiting.
VANISHED = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}
ABANDONED = "-c idle_in_transaction_session_timeout=30s"
# Rows are looked up by lists of ids. PostgreSQL's default is of disks that turn: by it reading the
# whole of a table, in several processes, is cheaper than two thousand looks into its index.
INDEXED = "-c random_page_cost=1.1"


def postgresql(url: str, *, pool: int) -> dict[str, Any]:
    """Return settings for a libpq URL; its parameters (sslmode, …) are passed on."""
    try:
        given = conninfo_to_dict(url)
    except ProgrammingError as error:
        sys.exit(f"slatrack cannot start: SLATRACK_DATABASE_URL is no PostgreSQL URL: {error}")
    settings = {NAMES[name]: str(given.pop(name)) for name in NAMES if given.get(name)}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": given.pop("dbname", "slatrack"),
        **settings,
        # Asked before each use: a pool would hand out those that a restarted server has ended.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **VANISHED,
            **given,
            "options": f"{ABANDONED} {INDEXED} {given.get('options', '')}".rstrip(),
            "pool": {"min_size": 1, "max_size": pool, "timeout": 10},
        },
    }
