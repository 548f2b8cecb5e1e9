"""Shadows: judged on live journeys, equal to a rule in force that says the same, and silent."""

from datetime import timedelta

import pytest

from slatrack.tracking import flows, shadowing, stored_journeys
from slatrack.tracking.models import Flow, Journey, Shadow, ShadowVerdict
from slatrack.tracking.recorder import record
from slatrack.tracking.tasks import look_at_shadows  # noqa: F401 - beat finds it by its name
from slatrack.tracking.watcher import settle_due
from tests.deadlines import deadlines
from tests.recorded_flips import recorded
from tests.spans import NOON
from tests.trades import DOCUMENT, trade

pytestmark = pytest.mark.django_db

NAME = "report within 15 minutes"


def at(seconds):
    return NOON + timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def in_force():
    flows.save(DOCUMENT, now=at(-86400))


def begun(amount="PT10M", **changed):
    flow = Flow.objects.get()
    document = {**flow.rules.get(version=1).document, **changed}
    document["rule"] = {**document["rule"], "amount": amount}
    silent = shadowing.Silent(flow, document, NAME)
    return shadowing.begin(silent, by=None, why="new law", now=at(-1))


def passed(key, took, *, start=0.0):
    spans = trade(key, at=start)
    done = trade(key, at=start + took)[-1:] if took else []
    record([*spans[:3], *done], now=at(start + (took or 1)))


def look(seconds):
    settle_due(now=at(seconds))
    shadowing.look_at_all(now=at(seconds))


def said(row):
    row.refresh_from_db()
    return row.agreed, shadowing.counts(row)


def test_its_verdicts_are_kept_beside_those_in_force_and_nothing_else_is_told():
    row = begun()
    passed("quick", 60)
    passed("between", 700)
    passed("late", 1000)
    told = recorded()

    look(2000)

    assert said(row) == (1, {("met", "missed"): 1, ("missed", "missed"): 1})
    [one] = shadowing.differing(row)
    assert (one.journey.key, one.outcome, one.in_force) == ("between", "missed", "met")
    assert one.due_at == at(600)
    assert recorded() == told
    assert {one.verdict for one in deadlines()} == {"met", "missed"}
    assert Journey.objects.get(key="between").verdict == "met"
    assert len(deadlines()) == 3


def test_silence_and_late_spans_change_what_it_says():
    row = begun()
    passed("T", 0)
    look(60)
    assert said(row) == (0, {("waiting", "waiting"): 1})
    look(700)
    assert said(row) == (0, {("waiting", "missed"): 1})

    record(trade("T", at=550)[-1:], now=at(800))
    look(801)

    assert said(row) == (1, {})


def test_the_same_rule_says_the_same_at_each_look():
    row = begun("PT15M")
    for number, took in enumerate((5, 400, 899, 900, 901, 0, 3000)):
        passed(f"T{number}", took)
    for seconds in (31, 500, 899, 905, 1000, 4000):
        look(seconds)
        agreed, counts = said(row)
        assert all(was == now for was, now in counts)
    verdicts = [one.verdict for one in deadlines()]
    assert agreed == verdicts.count("met")
    assert counts == {("missed", "missed"): verdicts.count("missed")}


def test_each_event_is_counted_once_however_often_and_in_what_chunks_one_looks(monkeypatch):
    monkeypatch.setattr(stored_journeys, "PAGE", 2)
    row = begun()
    for number in range(7):
        passed(f"T{number}", 60 + number)
    for _ in range(3):
        look(200)
    assert said(row) == (7, {})


def test_events_before_it_began_and_after_it_ended_are_not_its():
    passed("before", 10, start=-100)
    row = begun()
    passed("T", 10)
    look(100)
    assert shadowing.end(row, Shadow.State.DISCARDED, by=None, why="", now=at(101))
    passed("after", 900, start=200)
    look(3000)
    assert said(row) == (1, {})
    assert not shadowing.end(row, Shadow.State.PROMOTED, by=None, why="", now=at(102))


def test_there_is_one_of_each_deadline():
    begun()
    with pytest.raises(shadowing.ShadowRefusedError, match="has a shadow already"):
        begun("PT5M")
    assert Shadow.objects.count() == 1


def test_attributes_that_only_a_shadow_reads_are_kept_with_events():
    rule = {"kind": "duration", "from": "attr:executed", "amount": "PT1M"}
    flow = Flow.objects.get()
    document = {"deadline": NAME, "rule": rule, "until": "reported"}
    row = shadowing.begin(shadowing.Silent(flow, document, NAME), by=None, why="", now=at(-1))
    assert "executed" in flows.current().wanted

    record(trade("T", attributes={"executed": "2026-11-20T11:00:00Z"}), now=at(30))
    look(100)

    assert said(row) == (0, {("met", "missed"): 1})
    assert ShadowVerdict.objects.get().due_at is not None


def test_an_event_that_is_gone_takes_its_verdict_along():
    row = begun()
    passed("T", 700)
    look(2000)
    Journey.objects.all().delete()
    assert said(row) == (0, {})
