"""The database engine: Django loads `DatabaseWrapper` from here.

SQLite has one writer at a time, and who waits for it looks again and again, with growing pauses:
whoever writes batch after batch is always there first. So the threads of this process line up.
Other processes are waited for as SQLite does.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db.backends.sqlite3 import base

from slatrack.fair_sqlite.turns import Turns

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
PATIENCE = 20.0  # seconds, where the settings name none

_turns: defaultdict[str, Turns] = defaultdict(Turns)  # by file
os.register_at_fork(after_in_child=_turns.clear)  # whose turn it was stays with the parent


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes its turn for each transaction, and for each statement outside of one that writes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._has_turn = False

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor that takes a turn before it writes."""
        return self.connection.cursor(factory=partial(Cursor, wrapper=self))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Have a turn for one statement, unless the transaction has it."""
        if self._has_turn or self.connection is None or self.connection.in_transaction:
            yield
            return
        self._take()
        try:
            yield
        finally:
            self._give_unless_in_transaction()

    def _take(self) -> None:
        patience = self.settings_dict["OPTIONS"].get("timeout", PATIENCE)
        turns = _turns[self._file()]
        if not turns.take(patience):
            raise self.Database.OperationalError(f"database is locked: {turns.whose()}")
        self._has_turn = True

    def _give_unless_in_transaction(self) -> None:
        writing = self.connection is not None and self.connection.in_transaction
        if self._has_turn and not writing:
            self._has_turn = False
            _turns[self._file()].give()

    def _file(self) -> str:
        return str(self.settings_dict["NAME"])

    def _start_transaction_under_autocommit(self) -> None:
        with self.wrap_database_errors:
            self._take()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        finally:
            self._give_unless_in_transaction()

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            self._give_unless_in_transaction()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._give_unless_in_transaction()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            if self._has_turn:
                self._has_turn = False
                _turns[self._file()].give()


class Cursor(base.SQLiteCursorWrapper):
    """Django's, with turns."""

    def __init__(self, connection: Any, *, wrapper: DatabaseWrapper) -> None:
        super().__init__(connection)
        self._wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> Any:
        """Execute one statement, in turn if it writes."""
        if not query.lstrip()[:7].upper().startswith(WRITES):
            return super().execute(query, params)
        with self._wrapper.turn():
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        """Execute a statement many times, in turn."""
        with self._wrapper.turn():
            return super().executemany(query, param_list)
