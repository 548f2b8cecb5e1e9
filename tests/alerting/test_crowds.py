"""Flips that are routed together come to what they would come to one by one.

Only PostgreSQL routes them together; elsewhere this holds because there is one way only.
"""

from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slatrack.alerting import crowds, routing
from slatrack.alerting.models import Alert, Channel, Delivery, Incident
from slatrack.tracking.models import Deadline, Flip, Flow, Journey, UnroutedFlip
from tests import factories as make
from tests.alerting.test_burst import burst
from tests.alerting.told import DUE, NOW, channel, told
from tests.only_on import only_on

pytestmark = pytest.mark.django_db

EVENTS = 6
CHANGES = {
    "warned": ("warning", "0", "1"),
    "warned again": ("warning", "1", "2"),
    "missed": ("verdict", "waiting", "missed"),
    "missed after all": ("verdict", "unknown", "missed"),
    "unknown": ("verdict", "waiting", "unknown"),
    "met": ("verdict", "missed", "met"),
    "came late": ("verdict", "missed", "missed"),
    "failed": ("status", "in_flight", "failed"),
}


PARTS = (  # of a flip that are drawn, and compared with the others of its crowd
    st.sampled_from(sorted(CHANGES)),
    st.sampled_from("aaab"),  # its step
    st.sampled_from([1, 1, 2]),  # the version of its rule
    st.sampled_from(["critical", "warning"]),
    st.sampled_from(["", "", "reached late"]),
)


@st.composite
def nearly(draw, usual):
    """A flip like the usual one but for one of its parts."""
    number = draw(st.integers(0, len(PARTS) - 1))
    return (*usual[:number], draw(PARTS[number]), *usual[number + 1 :])


@st.composite
def rounds(draw):
    """Some rounds of flips, most of a round alike; the minutes before it, what is resolved then."""
    found, usual = [], draw(st.tuples(*PARTS))
    for _ in range(draw(st.integers(1, 4))):
        usual = draw(st.tuples(*PARTS) | nearly(usual))
        other = draw(nearly(usual) | st.tuples(*PARTS))
        each = st.sampled_from([[usual]] * 4 + [[], [usual, other], [other], [other]])
        flips = [(event, *one) for event in range(EVENTS) for one in draw(each)]
        resolved = draw(st.sampled_from(["", "", "a", "ab"]))  # those stuck at these steps
        found.append((draw(st.sampled_from([1, 1, 90])), flips, resolved))
    return found


def play(found):
    """Have the flips recorded and routed, round by round; return what stands then."""
    for model in (Delivery, Alert, Incident, Channel, UnroutedFlip, Flip, Deadline, Journey, Flow):
        model.objects.all().delete()
    channel()
    rows = [make.journey(key=f"T{number}", due_at=DUE) for number in range(EVENTS)]
    for number, row in enumerate(rows):
        make.deadline(row, grace_seconds=40.0 * number)
    now = NOW
    for minutes, flips, resolved in found:
        now += timedelta(minutes=minutes)
        for event, change, step, version, severity, reason in flips:
            about, before, after = CHANGES[change]
            said = {"version": version, "severity": severity, "reason": reason}
            said = {} if about == "status" else said
            make.flip(rows[event], about, before, after, step=step, recorded_at=now, **said)
        routing.take_up(None, now=now)
        over = Incident.objects.filter(step__in=[*resolved])
        over.update(state="resolved", resolved_at=now)
    return stands()


def stands():
    alerts = Alert.objects.order_by("journey__key", "deadline", "version", "rung", "warning")
    fields = ("severity", "step", "at", "due_at", "decided_at", "late", "reason")
    cause = ("incident__deadline", "incident__step", "incident__opened_at")
    one_alert = ("journey__key", "deadline", "version", "rung", "warning", *fields, *cause)
    incidents = Incident.objects.order_by("deadline", "step", "opened_at").values(
        "deadline", "step", "state", "severity", "rung", "rank", "told_rank", "events",
        "open_events", "opened_at", "first_at", "last_at", "earliest_due_at",
    )  # fmt: skip
    history = Flip.objects.values_list(
        "journey__key", "deadline", "version", "about", "before", "after", "severity", "step",
        "at", "due_at", "reason", "recorded_at",
    )  # fmt: skip
    left = UnroutedFlip.objects.count()
    return list(alerts.values_list(*one_alert)), list(incidents), sorted(history), left


@given(found=rounds())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_together_is_as_one_by_one(found, monkeypatch, caplog):
    monkeypatch.setattr(routing, "MANY", 10_000)
    one_by_one = play(found)
    monkeypatch.setattr(routing, "MANY", 1)
    monkeypatch.setattr(crowds, "FEWEST", 2)

    assert play(found) == one_by_one
    assert caplog.records == []  # nothing failed and was left to be routed one by one


def test_a_crowd_withholds_the_warning_that_was_not_sent_yet():
    channel()
    ids = burst(routing.MANY)
    warnings = [
        make.flip(row.journey, "warning", "0", "1", recorded_at=DUE).pk
        for row in UnroutedFlip.objects.all()
    ]
    routing.take_up(warnings, now=NOW)

    routing.take_up(ids, now=NOW + timedelta(seconds=1))

    assert told(state="superseded") == ["opened due_soon"]
    assert told(state="pending") == ["worse missed"]


def test_one_sweep_takes_up_no_more_than_it_may(monkeypatch):
    monkeypatch.setattr(routing, "AT_ONCE", 100)
    monkeypatch.setattr(routing, "MOST", 200)
    burst(250)

    assert [routing.take_up(None, now=NOW) for _ in range(3)] == [200, 50, 0]


@pytest.fixture
def small(monkeypatch):
    """Masses, and chunks, of some ten flips, so that tests need not make thousands."""
    monkeypatch.setattr(routing, "MASSES", 50)
    monkeypatch.setattr(routing, "FEW", 100)
    monkeypatch.setattr(routing, "AT_ONCE", 200)


@pytest.mark.usefixtures("small")
def test_alerts_give_way_to_verdicts_while_these_are_decided_in_masses(monkeypatch):
    rests = []
    monkeypatch.setattr(routing.time, "sleep", rests.append)
    burst(360, recorded_at=NOW - routing.RECENT / 2)

    assert routing.take_up(None, now=NOW) == 360

    chunks = 3 if connection.vendor == "postgresql" else 0  # full ones; elsewhere none are crowds
    assert len(rests) == chunks
    assert all(0 < one < 60 for one in rests)


@pytest.mark.usefixtures("small")
def test_alerts_wait_for_nobody_once_no_verdicts_are_decided(monkeypatch):
    monkeypatch.setattr(routing.time, "sleep", lambda _: pytest.fail("it waited"))
    burst(450, recorded_at=NOW - routing.RECENT * 2)

    assert routing.take_up(None, now=NOW) == 450


@pytest.mark.usefixtures("small")
def test_alerts_that_are_behind_wait_for_nobody_while_a_few_verdicts_come(monkeypatch):
    monkeypatch.setattr(routing.time, "sleep", lambda _: pytest.fail("it waited"))
    burst(450, recorded_at=NOW - routing.RECENT * 2)
    burst(routing.MASSES - 1, make.flow("payments"), recorded_at=NOW)

    assert routing.take_up(None, now=NOW) == 450 + routing.MASSES - 1


@only_on("postgresql")
@pytest.mark.usefixtures("small")
def test_alerts_wait_no_more_when_the_last_verdict_is_a_while_ago_however_long_a_sweep_takes(
    monkeypatch,
):
    clock = Clock()
    monkeypatch.setattr(routing, "time", clock)
    burst(550, recorded_at=NOW)

    assert routing.take_up(None, now=NOW) == 550

    assert len(clock.rests) == 1


class Clock:
    """Looking at it takes a tenth of a second; after a rest the last verdict is a while ago."""

    def __init__(self):
        self.at, self.rests = 0.0, []

    def monotonic(self):
        self.at += 0.1
        return self.at

    def sleep(self, seconds):
        self.rests.append(seconds)
        self.at += 2 * routing.RECENT.total_seconds()
