from datetime import timedelta

import pytest

from slatrack.domain.calendars import Calendars
from slatrack.domain.deadlines import judge, run
from slatrack.domain.states import Verdict
from tests.domain.journeys_of import journeys_of
from tests.spans import NOON, span
from tests.trades import accepted, enriched, received, reported, trade_flow

FLOW = trade_flow()
[SPEC] = FLOW.deadlines
NO_GRACE = timedelta()


def running(*spans):
    [journey] = journeys_of([FLOW], spans).values()
    return run(journey, SPEC, Calendars.shipped())


def minutes(count):
    return NOON + timedelta(minutes=count)


def seconds_to(at):
    return (at - NOON).total_seconds()


WAITING = (received("T1"), accepted())


@pytest.mark.parametrize(
    ("spans", "now", "watermark", "verdict", "warned"),
    [
        (WAITING, minutes(7), minutes(7), Verdict.WAITING, 0),
        (WAITING, minutes(7.5), minutes(7.5), Verdict.WAITING, 1),
        (WAITING, minutes(12), minutes(12), Verdict.WAITING, 2),
        (WAITING, minutes(12), minutes(8), Verdict.WAITING, 1),
        (WAITING, minutes(15), minutes(15), Verdict.WAITING, 2),
        (WAITING, minutes(15.01), minutes(15.01), Verdict.MISSED, 0),
        (WAITING, minutes(15.01), minutes(14), Verdict.WAITING, 2),
        (WAITING, minutes(16), minutes(14), Verdict.UNKNOWN, 0),
        ((*WAITING, reported("T1", at=899)), minutes(99), NOON, Verdict.MET, 0),
        ((*WAITING, reported("T1", at=899.001)), minutes(99), NOON, Verdict.MISSED, 0),
        ((*WAITING, reported("T1", error=True)), minutes(15.01), minutes(16), Verdict.MISSED, 0),
    ],
)
def test_judge(spans, now, watermark, verdict, warned):
    judged = judge(running(*spans), now=now, watermark=watermark, grace=NO_GRACE)
    assert (judged.verdict, judged.warned) == (verdict, warned)


def test_grace_puts_off_a_miss_but_not_the_due_time():
    waiting = running(*WAITING)
    grace = timedelta(minutes=1)

    assert waiting.due.due_at == minutes(15)
    early = judge(waiting, now=minutes(15.9), watermark=minutes(15.9), grace=grace)
    assert early.verdict is Verdict.WAITING
    late = judge(waiting, now=minutes(16.1), watermark=minutes(16.1), grace=grace)
    assert late.verdict is Verdict.MISSED


@pytest.mark.parametrize("now", [0, 5, 7.5, 10, 12, 14, 15])
def test_nothing_changes_by_silence_before_the_next_instant(now):
    waiting = running(*WAITING)
    at = minutes(now)
    judged = judge(waiting, now=at, watermark=at, grace=NO_GRACE)
    just_before = judged.next_at - timedelta(microseconds=1)

    again = judge(waiting, now=just_before, watermark=just_before, grace=NO_GRACE)
    then = judge(waiting, now=judged.next_at, watermark=judged.next_at, grace=NO_GRACE)

    assert (again.verdict, again.warned) == (judged.verdict, judged.warned)
    assert (then.verdict, then.warned) != (judged.verdict, judged.warned)


def test_while_the_ingress_is_not_seen_nothing_is_decided_before_it_is_due():
    unproven = running(accepted("T1"), enriched(), reported())
    assert unproven.reached_at is not None

    early = judge(unproven, now=minutes(1), watermark=minutes(1), grace=NO_GRACE)
    late = judge(unproven, now=minutes(16), watermark=minutes(16), grace=NO_GRACE)

    assert early.verdict is Verdict.WAITING
    assert late.verdict is Verdict.MET


def test_a_deadline_for_certain_events_does_not_run_for_others():
    document = """
flow: f
event_key: trade.id
steps: [{step: received, role: ingress, match: {kind: server}}]
deadlines:
  - deadline: d
    rule: {kind: duration, from: ingress, amount: PT1M}
    until: received
    when: {asset.class: [equity]}
"""
    flow = trade_flow(document)
    for asset, runs in (("equity", True), ("bond", False)):
        spans = [received("T1", attributes={"asset.class": asset}), span("x", parent="received")]
        [journey] = journeys_of([flow], spans).values()
        assert (run(journey, flow.deadlines[0], Calendars.shipped()) is not None) is runs
