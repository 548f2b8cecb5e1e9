"""While the database is away the watcher waits for it, and says so once."""

import logging
from threading import Event

import pytest
from django.db import InterfaceError, OperationalError, connection

from slatrack.tracking import watcher

pytestmark = pytest.mark.django_db


class Turns(Event):
    """Waits for nothing, and is set after so many waits."""

    def __init__(self, turns):
        super().__init__()
        self.left = turns

    def wait(self, timeout=None):
        self.left -= 1
        if not self.left:
            self.set()
        return self.is_set()


@pytest.fixture(autouse=True)
def connected(monkeypatch):
    """The connection is the test's."""
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(watcher, "close_old_connections", lambda: None)


def test_a_database_that_is_away_is_told_once_and_so_is_its_return(monkeypatch, caplog):
    gone, closed = OperationalError("gone"), InterfaceError("the cursor is closed")
    answers = [gone, closed, gone, False, closed, gone, False]

    def any_due(moment, *, overdue):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(watcher, "any_due", any_due)

    watcher.run(Turns(len(answers)))

    said = [(one.levelno, one.getMessage().split(":")[0]) for one in caplog.records]
    away, back = "deadlines are not evaluated", "deadlines are evaluated again, after 0 s"
    assert said == [(logging.ERROR, away), (logging.WARNING, back)] * 2
