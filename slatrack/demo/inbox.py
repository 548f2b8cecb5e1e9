"""What the demo's mailbox and webhook receiver got: kept for a page to show, the last 500."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime

from slatrack.demo import place

KEPT = 500
MAX_BODY = 100_000  # characters

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT, received_at TEXT, sender TEXT, subject TEXT, headers TEXT, body TEXT
)
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One e-mail ("email") or webhook call ("webhook"); all but the time is hostile input."""

    kind: str
    received_at: datetime
    sender: str
    subject: str
    headers: Mapping[str, str]
    body: str


def messages(limit: int = 50) -> list[Message]:
    """Return the latest messages, newest first."""
    query = "SELECT kind, received_at, sender, subject, headers, body FROM message"
    with _open() as store:
        rows = store.execute(f"{query} ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
    return [
        Message(kind, datetime.fromisoformat(at), sender, subject, json.loads(headers), body)
        for kind, at, sender, subject, headers, body in rows
    ]


def keep(message: Message) -> None:
    """Store a message and forget the oldest ones."""
    row = (
        message.kind,
        message.received_at.isoformat(),
        message.sender,
        message.subject,
        json.dumps(dict(message.headers)),
        message.body[:MAX_BODY],
    )
    with _open() as store:
        store.execute(
            "INSERT INTO message (kind, received_at, sender, subject, headers, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
        store.execute("DELETE FROM message WHERE id <= (SELECT max(id) FROM message) - ?", (KEPT,))


@contextmanager
def _open() -> Iterator[sqlite3.Connection]:
    path = place.folder() / "inbox.sqlite3"
    with closing(sqlite3.connect(path, timeout=10)) as store, store:
        store.execute(_SCHEMA)
        yield store
