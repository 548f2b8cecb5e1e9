"""While there is much to settle the watcher does not ask whether there is, and others give way."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slatrack.tracking import flows, forecasting, hands, open_deadlines, watcher
from slatrack.tracking.models import Source
from tests import factories as make
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db


class Seen(Event):
    """Notes at each turn whether the watcher has its hands full; stops at the first rest."""

    def __init__(self):
        super().__init__()
        self.turns = []

    def is_set(self):
        self.turns.append(hands.FULL.is_set())
        return super().is_set()

    def wait(self, timeout=None):
        self.set()
        return True


@pytest.fixture(autouse=True)
def connected(monkeypatch):
    """Both close the connection at their end, which is the test's here."""
    monkeypatch.setattr(connection, "close", lambda: None)
    yield
    hands.FULL.clear()


def overdue(count):
    before = datetime.now(UTC) - timedelta(minutes=1)
    for _ in range(count):
        row = make.journey(due_at=before, warn_at=None, next_at=before)
        make.deadline(row, warnings=[])


def test_while_chunks_are_full_the_next_is_settled_without_a_look_whether_there_is_one(monkeypatch):
    monkeypatch.setattr(watcher, "FOLDED", 2)
    overdue(3)
    stop = Seen()

    with CaptureQueriesContext(connection) as asked:
        watcher.run(stop)

    looks = [one for one in asked if '"a" FROM "tracking_recount"' in one["sql"]]
    assert stop.turns == [False, True, False]
    assert len(looks) == 1


@pytest.mark.parametrize("full", [True, False])
def test_nothing_is_forecast_beside_a_watcher_with_its_hands_full(full):
    if full:
        hands.FULL.set()

    with CaptureQueriesContext(connection) as asked:
        forecasting.run(Seen())

    claims = [one for one in asked if 'INSERT INTO "tracking_source"' in one["sql"]]
    assert len(claims) == (0 if full else 1)
    assert not Source.objects.filter(name=forecasting.NAME).exists()  # let go of at its end


def test_a_forecast_that_has_read_gives_way_before_it_computes():
    flows.save(DOCUMENT, now=datetime.now(UTC))
    hands.FULL.set()

    with pytest.raises(hands.GaveWay):
        forecasting.look(now=datetime.now(UTC))


def test_a_forecast_gives_way_in_its_midst_and_is_made_once_hands_are_free(monkeypatch, caplog):
    class Burst(Seen):
        """Ends with the second rest, before which hands are free."""

        def wait(self, timeout=None):
            read.append(len(pauses))
            hands.FULL.clear()
            return super().wait(timeout) if len(read) == 2 else False

    def burst_comes(seconds):
        pauses.append(seconds)
        if not read:
            hands.FULL.set()

    overdue(3)
    monkeypatch.setattr(open_deadlines, "AT_ONCE", 1)
    monkeypatch.setattr(open_deadlines.time, "sleep", burst_comes)
    read: list[int] = []
    pauses: list[float] = []
    forecasting.run(Burst())

    assert read == [1, 1 + 2]
    assert not [one for one in caplog.records if one.name == forecasting.__name__]
