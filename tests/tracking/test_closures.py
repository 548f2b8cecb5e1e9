"""Days that operators close: open deadlines move, verdicts stand, nothing is deleted."""

from datetime import UTC, date, datetime

import pytest

from slatrack.domain.calendars import UnknownCalendarError
from slatrack.tracking import closures, flows
from slatrack.tracking.closures import ClosureRefusedError
from slatrack.tracking.models import Closure, RuleVersion
from tests.bonds import after, sent, settle, store
from tests.deadlines import deadline
from tests.recorded_flips import recorded

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 23)  # events are of noon UTC on Friday 20 November 2026
TRADES = """\
flow: trades
event_key: [trade.id]
steps:
  - {step: received, role: ingress, match: {service: gateway}}
  - {step: reported, role: sink, match: {service: sink}, after: [received]}
deadlines:
  - deadline: next business day
    rule:
      kind: cutoff
      from: ingress
      base: {tz: America/New_York, roll: none}
      add: {unit: business_day, n: 1, calendar: XNYS}
      at: {time: "18:00", tz: America/New_York}
    until: reported
"""


@pytest.fixture(autouse=True)
def in_force():
    flows.save(TRADES, now=after(-86400))


def received(key="T"):
    return sent(f"{key} in", "gateway", trace=key, trade__id=key)


def reported(key="T", at=10):
    return sent(f"{key} out", "sink", "client", trace=key, parent=f"{key} in", at=at, trade__id=key)


def due(key="T"):
    return deadline(key=key).due_at.isoformat()


def test_an_open_deadline_moves_to_the_next_open_day():
    store([received()])
    assert due() == "2026-11-23T23:00:00+00:00"

    assert closures.add("XNYS", MONDAY, "hurricane", by=None, now=after(60)) == 1
    settle(61)

    assert due() == "2026-11-24T23:00:00+00:00"
    assert recorded() == []  # nothing was told, so nothing is taken back


def test_an_event_that_comes_later_is_judged_by_it_at_once():
    closures.add("XNYS", MONDAY, "hurricane", by=None, now=after(-60))
    store([received()])
    assert due() == "2026-11-24T23:00:00+00:00"


def test_a_verdict_that_stands_is_not_touched():
    store([received(), reported()])
    assert closures.add("XNYS", MONDAY, "hurricane", by=None, now=after(60)) == 0
    settle(61)
    assert due() == "2026-11-23T23:00:00+00:00"
    assert deadline().verdict == "met"


def test_an_event_that_missed_another_deadline_moves_too():
    quick = (
        "{deadline: quick, rule: {kind: duration, from: ingress, amount: PT1S}, until: reported}"
    )
    flows.save(f"{TRADES}  - {quick}\n", now=after(-3600))
    store([received()])
    settle(59)
    assert deadline(name="quick").verdict == "missed"

    assert closures.add("XNYS", MONDAY, "hurricane", by=None, now=after(60)) == 1
    settle(61)
    moved = deadline(name="next business day")
    assert moved.due_at.isoformat() == "2026-11-24T23:00:00+00:00"


def test_withdrawn_it_is_on_record_and_holds_no_more():
    store([received()])
    closures.add("XNYS", MONDAY, "hurricane", by=None, now=after(60))
    settle(61)
    [row] = Closure.objects.all()

    assert closures.withdraw(row.pk, "it passed by", by=None, now=after(70)) == 1
    assert closures.withdraw(row.pk, "it passed by", by=None, now=after(71)) == 0  # twice is once
    settle(72)

    assert due() == "2026-11-23T23:00:00+00:00"
    [row] = Closure.objects.all()
    assert (row.reason, row.withdrawn_why, row.withdrawn_at) == (
        "hurricane",
        "it passed by",
        after(70),
    )
    closures.add("XNYS", MONDAY, "again", by=None, now=after(80))
    assert Closure.objects.count() == 2


def test_other_calendars_events_are_left_alone():
    store([received()])
    assert closures.add("XLON", MONDAY, "strike", by=None, now=after(60)) == 0


def test_an_event_begun_under_an_older_version_moves_too():
    store([received()])
    flows.save(TRADES.replace("XNYS", "XLON"), now=after(30))
    assert closures.add("XNYS", MONDAY, "hurricane", by=None, now=after(60)) == 1
    settle(61)
    assert due() == "2026-11-24T23:00:00+00:00"
    assert [row.name for row in closures.rules_with("XLON")] == ["next business day"]
    assert closures.rules_with("XNYS") == []


@pytest.mark.parametrize(
    ("day", "reason", "problem"),
    [
        (date(2026, 11, 26), "x", "day: 2026-11-26 is closed already: Thanksgiving Day"),
        (date(2026, 11, 28), "x", "day: 2026-11-28 is closed already: weekend"),
        (date(2040, 1, 2), "x", "day: XNYS is known from 2018-01-01 to 2032-12-31"),
        (MONDAY, " ", "reason: say why, in at most 200 characters"),
        (MONDAY, "x" * 201, "reason: say why, in at most 200 characters"),
    ],
)
def test_what_cannot_be_closed_is_refused_with_the_field(day, reason, problem):
    with pytest.raises(ClosureRefusedError, match=problem):
        closures.add("XNYS", day, reason, by=None, now=after(0))
    assert not Closure.objects.exists()


def test_a_day_is_closed_once():
    closures.add("XNYS", MONDAY, "hurricane", by=None, now=after(0))
    with pytest.raises(ClosureRefusedError, match="closed already: hurricane"):
        closures.add("XNYS", MONDAY, "strike", by=None, now=after(1))


def test_there_must_be_such_a_calendar():
    with pytest.raises(UnknownCalendarError):
        closures.add("XXXX", MONDAY, "x", by=None, now=after(0))


def test_calendars_are_found_however_deep_a_rule_names_them():
    document = {"kind": "earliest", "of": [{"add": {"calendar": {"all_open": ["XNYS", "XLON"]}}}]}
    assert closures.codes_in(document) == {"XNYS", "XLON"}
    assert closures.codes_in_force() == {"XNYS"}
    RuleVersion.objects.update(retired_at=datetime(2026, 11, 20, tzinfo=UTC))
    assert closures.codes_in_force() == set()
