"""While all telemetry is long behind nobody is told in time, and to read it comes first."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from slatrack.celery import app
from slatrack.tracking import flows, forecasting, wake, watcher
from slatrack.tracking.decisions import LAGGING, Moment
from slatrack.tracking.models import Source, UnroutedFlip
from slatrack.tracking.recorder import record
from tests.spans import NOON
from tests.tracking.test_watcher_away import Turns
from tests.trades import DOCUMENT, received

DUE = NOON + timedelta(minutes=15)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def asked(monkeypatch):
    """What alerting was asked for, and how many seconds later it is to come."""
    sent = []
    monkeypatch.setattr(app, "send_task", lambda name, _, countdown, **__: sent.append(countdown))
    return sent


@pytest.fixture
def clock(monkeypatch):
    """What the process's clock says, in seconds."""
    now = [1000.0]
    monkeypatch.setattr(wake.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(wake.Gathering, "until", 0.0)
    return now


@pytest.fixture
def overdue(django_capture_on_commit_callbacks):
    """Let an event be settled that is overdue, with telemetry so far behind."""
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))
    source = Source.objects.create(name="replay:1", watermark_at=DUE, alive_at=DUE)

    def settle(key, *, lag):
        with django_capture_on_commit_callbacks(execute=True):
            record([received(key, at=0, trace=key, name=key)], now=NOON)
        now = DUE + timedelta(seconds=lag)
        Source.objects.filter(pk=source.pk).update(alive_at=now)
        with django_capture_on_commit_callbacks(execute=True):
            assert watcher.settle_due(now=now) == 1
        assert UnroutedFlip.objects.filter(journey__key=key).exists()

    return settle


@pytest.mark.parametrize(
    ("lag", "ahead", "is_lagging"),
    [
        (LAGGING, {}, False),
        (LAGGING + SECOND, {}, True),
        (LAGGING + SECOND, {"orders": NOON}, False),
        (-MINUTE, {}, False),
    ],
)
def test_telemetry_lags_where_none_of_it_is_near_the_clock(lag, ahead, is_lagging):
    assert Moment(NOON, NOON - lag, True, ahead).is_lagging is is_lagging


@pytest.mark.django_db
def test_news_near_the_clock_is_asked_for_at_once_and_each_time(asked, clock, overdue):
    overdue("T1", lag=5)
    overdue("T2", lag=5)

    assert asked == [None, None]


@pytest.mark.django_db
def test_news_of_lagging_telemetry_is_gathered_and_none_is_left_behind(asked, clock, overdue):
    for key in ("T1", "T2", "T3"):
        overdue(key, lag=60)
        clock[0] += 0.5
    assert asked == [wake.GATHER]

    clock[0] += 0.5  # the flips so far are taken up now
    overdue("T4", lag=60)
    assert asked == [wake.GATHER, wake.GATHER]


@pytest.mark.django_db
def test_what_is_pressing_waits_for_nothing_that_is_gathered(asked, clock, overdue):
    overdue("T1", lag=60)
    overdue("T2", lag=5)

    assert asked == [wake.GATHER, None]


class Waits(Turns):
    """Keeps how long it was waited for."""

    def __init__(self, turns):
        super().__init__(turns)
        self.waited = []

    def wait(self, timeout=None):
        self.waited.append(timeout)
        return super().wait(timeout)


@pytest.fixture
def connected(monkeypatch):
    """The connection is the test's."""
    monkeypatch.setattr(connection, "close", lambda: None)


def read_to(*, ago, now):
    Source.objects.update_or_create(
        name="replay:1", defaults={"watermark_at": now - ago, "alive_at": now + MINUTE}
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("ago", "pause"), [(SECOND, watcher.PAUSE), (MINUTE, watcher.BEHIND)])
def test_the_watcher_looks_less_often_while_telemetry_lags(connected, ago, pause):
    read_to(ago=ago, now=datetime.now(UTC))
    stop = Waits(1)

    watcher.run(stop)

    assert stop.waited == [pause]


@pytest.mark.django_db
@pytest.mark.parametrize(("ago", "rests"), [(SECOND, 2.5), (MINUTE, 10.0)])
def test_forecasts_rest_longer_while_telemetry_lags(connected, monkeypatch, ago, rests):
    read_to(ago=ago, now=datetime.now(UTC))
    clock = [100.0]
    monkeypatch.setattr(forecasting.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(forecasting.time, "thread_time", lambda: 0.0)

    @contextmanager
    def half_a_second():
        yield
        clock[0] += 0.5

    monkeypatch.setattr(forecasting, "gently", half_a_second)
    stop = Waits(1)

    forecasting.run(stop)

    assert stop.waited == [rests]
