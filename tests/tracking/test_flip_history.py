"""What was on time all along costs no row of its own, and its history is what it always was."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from slatrack.alerting.routing import take_up
from slatrack.tracking import flip_history, flows, watcher
from slatrack.tracking.models import Deadline, Flip, Journey, UnroutedFlip
from slatrack.tracking.recorder import record
from tests.deadlines import deadline, values
from tests.recorded_flips import recorded
from tests.spans import NOON, span
from tests.trades import DOCUMENT, accepted, received, reported, trade

pytestmark = pytest.mark.django_db

NOW = NOON + timedelta(seconds=30)
LATER = NOON + timedelta(minutes=17)
DUE = NOON + timedelta(minutes=15)
NAME = "report within 15 minutes"
SECOND = """\
  - {deadline: accept, rule: {kind: duration, from: ingress, amount: PT5M}, until: accepted}
"""
ON_TIME = {
    "deadline": NAME, "version": 1, "number": 1, "about": "verdict", "before": "waiting",
    "after": "met", "severity": "critical", "step": "reported",
    "at": NOON + timedelta(seconds=21), "due_at": DUE, "watermark": NOW, "reason": "",
    "recorded_at": NOW,
}  # fmt: skip


def load(document=DOCUMENT, *, days=3):
    flows.save(document, now=NOON - timedelta(days=days))


def done(**fields):
    """An event that was on time, in one batch."""
    load()
    record(trade("T1", **fields), now=NOW)


def test_an_event_on_time_writes_no_flip_and_its_history_tells_it():
    done()

    assert not Flip.objects.exists()
    assert recorded(*ON_TIME) == [tuple(ON_TIME.values())]
    assert recorded("journey_id", "almanac") == values("journey__id", "almanac")
    assert not Deadline.objects.exists()


def test_what_the_flip_says_of_the_step_is_where_the_event_stood_then():
    load(DOCUMENT + SECOND)
    record(trade("T1")[:2], now=NOW)
    record(trade("T1"), now=LATER)

    said = recorded("deadline", "step", "recorded_at")
    assert said == [("accept", "accepted", NOW), (NAME, "reported", LATER)]


def test_what_changes_nothing_of_it_writes_nothing():
    done()
    record([*trade("T1"), accepted("T1", name="again", trace="T1", at=2)], now=LATER)

    assert not Flip.objects.exists()
    assert recorded("recorded_at") == [(NOW,)]


def test_an_event_that_met_after_a_warning_has_rows():
    load()
    record(trade("T1")[:3], now=NOW)
    watcher.settle_due(now=NOON + timedelta(minutes=8))
    record(trade("T1"), now=NOON + timedelta(minutes=9))

    assert [one.after for one in UnroutedFlip.objects.all()] == ["1"]
    assert [one.after for one in Flip.objects.all()] == ["met"]
    assert recorded("about", "after") == [("warning", "1"), ("verdict", "met")]
    assert Deadline.objects.get().verdict == "met"


def an_earlier_start(seconds):
    early = received("T1", name="early", trace="another", at=-seconds)
    return lambda: record([early], now=LATER)


def not_applicable():
    spans = accepted("T1", name="early", trace="T1", at=-1, attributes={"asset.class": "bond"})
    record([spans], now=LATER)


LATE_NEWS = [
    pytest.param(an_earlier_start(1000), ["missed"], id="evidence corrects it"),
    pytest.param(an_earlier_start(5), [], id="it is due at another time"),
    pytest.param(not_applicable, ["waiting"], id="the rule does not apply to it any more"),
]


@pytest.mark.parametrize(("happens", "after"), LATE_NEWS)
def test_the_first_flip_is_written_as_it_was_before_its_deadline_says_anything_else(happens, after):
    load(DOCUMENT + "    when: {asset.class: [equity]}\n")
    record(trade("T1", attributes={"asset.class": "equity"}), now=NOW)
    before = recorded()
    assert len(before) == 1

    happens()

    assert Flip.objects.filter(number=1, recorded_at=NOW).count() == 1
    assert recorded()[:1] == before
    assert recorded("number", "after")[1:] == [(2 + n, one) for n, one in enumerate(after)]
    assert UnroutedFlip.objects.count() == len(
        after
    )  # the first was nobody's news, and is none now


def test_a_version_that_comes_to_judge_it_leaves_what_was_told_by_the_other():
    load()
    flows.save(DOCUMENT.replace("PT15M", "PT10M"), now=NOON)
    record([received("T1", at=5), reported("T1", name="out", at=20)], now=NOW)
    before = recorded()
    assert (Flip.objects.count(), deadline().version) == (0, 2)

    an_earlier_start(5)()

    assert deadline().version == 1
    assert len(before) == 1
    assert recorded() == before


def test_an_event_that_is_no_more_stays_where_its_deadline_tells_what_was_recorded():
    load()
    noise = span("noise", attributes={"trade.id": "T1"})
    record([noise, received(), reported(parent="never exported")], now=NOW)
    watcher.settle_due(now=LATER)
    before = recorded()
    assert [one[5:7] for one in before] == [("waiting", "met")]

    record([accepted("T2")], now=LATER + timedelta(minutes=1))

    assert Journey.objects.get(key="T1").status == "cancelled"
    assert recorded(journey__key="T1") == before


def test_one_that_is_written_while_history_is_read_is_read_once():
    done()
    before = recorded()

    with meanwhile("tracking_unroutedflip", an_earlier_start(1000)):
        read = flip_history.every()

    assert [one.number for one in read] == [1, 2]
    assert recorded()[:1] == before


@pytest.mark.parametrize("table", ["tracking_unroutedflip", "tracking_flip"])
def test_one_that_alerting_takes_up_while_history_is_read_is_read_once(table):
    done()
    an_earlier_start(1000)()
    before = recorded()
    [journey] = Journey.objects.values_list("id", flat=True)

    with meanwhile(table, lambda: take_up(None, now=LATER)):
        read = flip_history.every()

    assert [one.number for one in read] == [1, 2]
    assert not UnroutedFlip.objects.exists()
    assert recorded() == before
    assert [one.number for one in flip_history.history(journey, newest=9)] == [1, 2]


@contextmanager
def meanwhile(table, happens):
    """Have something happen before the first statement that reads a table."""
    waiting = [happens]

    def wrapper(execute, sql, *args):
        if waiting and f'FROM "{table}"' in sql:
            waiting.pop()()
        return execute(sql, *args)

    with connection.execute_wrapper(wrapper):
        yield


def test_history_is_in_the_order_of_recording_whoever_tells_it():
    load(DOCUMENT + SECOND)
    record(trade("T1")[:2], now=NOW - timedelta(seconds=10))
    record(trade("T1"), now=NOW)
    [journey] = Journey.objects.values_list("id", flat=True)
    names = [one.deadline for one in flip_history.history(journey, newest=9)]
    assert names == ["accept", NAME]

    an_earlier_start(1000)()

    told = flip_history.history(journey, newest=9)
    assert [(one.deadline, one.after) for one in told] == [
        ("accept", "met"), (NAME, "met"), ("accept", "missed"), (NAME, "missed"),
    ]  # fmt: skip
    newest = flip_history.history(journey, newest=3)
    assert [(one.deadline, one.after) for one in newest] == [
        (one.deadline, one.after) for one in told[1:]
    ]
