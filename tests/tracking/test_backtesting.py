"""Backtests as work: slices, one at a time, stopped, and gone on with when a worker dies."""

from datetime import timedelta

import pytest

from slatrack.tracking import backtesting, flows, stored_journeys, watcher
from slatrack.tracking.models import Backtest, Flow
from slatrack.tracking.recorder import record
from slatrack.tracking.tasks import backtest, tend_backtests
from tests.recorded_flips import recorded
from tests.spans import NOON
from tests.trades import DOCUMENT, trade

pytestmark = pytest.mark.django_db

NAME = "report within 15 minutes"
LATER = NOON + timedelta(hours=2)
TOOK = {"T1": 20, "T2": 700, "T3": 1200, "T4": 950}  # seconds until reported


class Ticking:
    """A clock that moves on by some seconds whenever it is read."""

    def __init__(self, step=0.0):
        self.now, self.step = LATER, timedelta(seconds=step)

    def __call__(self):
        self.now += self.step
        return self.now


@pytest.fixture(autouse=True)
def history(monkeypatch):
    monkeypatch.setattr(stored_journeys, "PAGE", 1)
    flows.save(DOCUMENT, now=NOON - timedelta(days=2))
    for key, took in TOOK.items():
        spans = [one for one in trade(key) if one.name != f"{key}-reported"]
        record([*spans, *trade(key, at=took)[-1:]], now=NOON + timedelta(seconds=took))
    record(trade("silent")[:3], now=NOON + timedelta(seconds=30))
    watcher.settle_due(now=LATER)


def asked(amount="PT10M", *, now=LATER, **changed):
    flow = Flow.objects.get()
    document = dict(flow.rules.get(version=1).document) | changed
    document["rule"] = {**document["rule"], "amount": amount}
    question = backtesting.Question(flow, document, NOON - timedelta(days=1), now, NAME)
    return backtesting.ask(question, by=None, now=now)


def seen(row):
    row.refresh_from_db()
    return row


def finished(row, clock=None):
    while backtesting.carry_on(row.pk, clock=clock or Ticking()):
        pass
    return backtesting.tally(seen(row))


def test_a_shorter_deadline_names_the_events_that_it_would_miss():
    row = asked("PT10M")
    before = recorded()

    tally = finished(row)

    assert (row.state, row.total, row.done) == ("finished", 5, 5)
    assert tally.count(tried="missed") == 4
    assert tally.newly_missed == 1
    assert [one.key for one in tally.named("newly_missed")] == ["T2"]
    assert [one.key for one in tally.named("worst")] == ["silent", "T3", "T4", "T2"]
    assert recorded() == before  # nothing live was touched


def test_a_longer_one_names_those_it_would_not_miss_any_more_and_warns_of():
    tally = finished(asked("PT18M"))
    assert (tally.newly_missed, tally.no_longer_missed) == (0, 1)
    assert [one.key for one in tally.named("no_longer_missed")] == ["T4"]
    assert {one.key for one in tally.named("warned")} == {"T2", "T4"}


def test_it_is_done_in_slices_and_comes_to_the_same():
    whole = finished(asked()).stored()
    row = asked()
    slices = 0
    while backtesting.carry_on(row.pk, clock=Ticking(3)):
        slices += 1
        assert seen(row).leased_until is None  # another worker may go on
    assert slices >= 2
    assert backtesting.tally(seen(row)).stored() == whole


def test_while_one_runs_another_waits():
    first, second = asked(), asked("PT1M")
    assert backtesting.carry_on(first.pk, clock=Ticking(3))
    Backtest.objects.filter(pk=first.pk).update(leased_until=LATER + timedelta(seconds=20))

    assert not backtesting.carry_on(second.pk, clock=Ticking())
    assert not backtesting.carry_on(first.pk, clock=Ticking())  # it is held
    assert (seen(second).state, second.done) == ("queued", 0)


def test_a_worker_that_died_is_found_and_another_goes_on():
    row = asked()
    whole = finished(asked()).stored()
    assert backtesting.carry_on(row.pk, clock=Ticking(3))
    done = seen(row).done
    Backtest.objects.filter(pk=row.pk).update(
        lease="00000000-0000-0000-0000-000000000001", leased_until=LATER
    )

    later = Ticking(1)
    later.now = LATER + timedelta(minutes=1)
    assert 0 < done < 5
    assert finished(row, later).stored() == whole
    assert (row.state, row.lost) == ("finished", 1)


def test_one_that_kills_its_workers_fails_and_says_so():
    row = asked()
    Backtest.objects.filter(pk=row.pk).update(
        state="running", lease="00000000-0000-0000-0000-000000000001", leased_until=LATER, lost=3
    )
    backtesting.tend(now=LATER + timedelta(minutes=1))
    assert seen(row).state == "failed"
    assert "4 workers died" in row.problem


def test_stopped_it_keeps_what_it_found_and_stays_stopped():
    row = asked()
    assert backtesting.carry_on(row.pk, clock=Ticking(3))
    assert backtesting.stop(row, now=LATER)
    assert not backtesting.carry_on(row.pk, clock=Ticking())
    assert not backtesting.stop(row, now=LATER)
    assert seen(row).state == "stopped"
    assert 0 < backtesting.tally(row).count() < 5


def test_stopped_meanwhile_the_worker_gives_up():
    row = asked()
    ticking = Ticking(1.1)

    def clock():
        if ticking.now > LATER + timedelta(seconds=2):
            backtesting.stop(row, now=LATER)
        return ticking()

    assert not backtesting.carry_on(row.pk, clock=clock)
    assert seen(row).state == "stopped"
    assert row.done < 5


def test_a_flow_that_is_gone_makes_it_fail_with_the_reason():
    row = asked()
    Flow.objects.update(enabled=False, changed_at=LATER)
    assert not backtesting.carry_on(row.pk, clock=Ticking())
    assert seen(row).state == "failed"
    assert "not in force" in row.problem


def test_too_many_are_refused():
    for _ in range(backtesting.MOST_OPEN):
        asked()
    with pytest.raises(backtesting.TooManyError, match="stop one"):
        asked()


def test_the_tasks_carry_all_of_them_out(django_capture_on_commit_callbacks, monkeypatch):
    sent = []
    monkeypatch.setattr(backtesting, "send", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        rows = [asked(), asked("PT1M")]
    assert sent == [row.pk for row in rows]
    backtest(rows[0].pk)
    assert sent[2:] == [rows[1].pk]
    tend_backtests()
    assert sent[3:] == [rows[1].pk]
    backtest(rows[1].pk)
    assert {row.state for row in Backtest.objects.all()} == {"finished"}


def test_old_ones_are_let_go(monkeypatch):
    monkeypatch.setattr(backtesting, "KEPT", 2)
    rows = [asked() for _ in range(3)]
    for row in rows:
        backtesting.stop(row, now=LATER)
    backtesting.tend(now=LATER)
    assert set(Backtest.objects.values_list("id", flat=True)) == {row.pk for row in rows[1:]}


def test_an_event_without_what_the_rule_counts_from_says_why():
    flow = Flow.objects.get()
    rule = {"kind": "duration", "from": "attr:traded", "amount": "PT1M"}
    document = {"deadline": "new", "rule": rule, "until": "reported"}
    question = backtesting.Question(flow, document, NOON - timedelta(days=1), LATER, "new")
    tally = finished(backtesting.ask(question, by=None, now=LATER))
    assert tally.reasons == {"attribute traded is not known": 5}
    assert tally.newly_missed == 0
