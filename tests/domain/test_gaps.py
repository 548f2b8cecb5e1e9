"""A step that was not seen has a reason, and the reason is what the evidence allows."""

from datetime import timedelta

import pytest

from slatrack.domain.gaps import Read, Reason, Signs, gaps
from slatrack.domain.states import Status
from tests.domain.journeys_of import journeys_of
from tests.spans import NOON
from tests.trades import enriched, received, trade_flow

FLOW = trade_flow()
SEEN = timedelta(seconds=10)  # after noon enriched is seen, so that accepted should have been


def told(signs=None, *, status=Status.IN_FLIGHT, now=3600, behind=0.0):
    """The gaps of an event that was seen as received and enriched: reason and sentence by step."""
    [journey] = journeys_of([FLOW], [received("T1"), enriched("T1")]).values()
    at = NOON + timedelta(seconds=now)
    read = Read(at, at - timedelta(seconds=behind))
    found = gaps(journey, status, read, lambda step, *, over: signs or Signs())
    return {gap.step: (gap.reason, gap.sentence) for gap in found}


def reason(step, signs=None, **options):
    return told(signs, **options)[step][0]


def test_what_lies_ahead_is_not_yet():
    assert told()["reported"][0] == Reason.NOT_YET


def test_what_lies_ahead_tells_when_its_service_was_heard():
    heard = Signs(service="sink", heard_at=NOON + timedelta(seconds=3000))
    assert "sink last sent a span 10 min ago" in told(heard)["reported"][1]


def test_while_telemetry_is_behind_nothing_is_missing():
    assert reason("reported", behind=60) == Reason.LATE
    assert reason("accepted", behind=3595) == Reason.LATE
    assert "read up to 1 h ago" not in told(behind=3595)["accepted"][1]
    assert "59 min 55 s ago" in told(behind=3595)["accepted"][1]


def test_telemetry_that_is_behind_but_past_the_step_excuses_nothing():
    assert reason("accepted", behind=60) == Reason.MISSING


def test_the_span_of_a_step_that_was_passed_a_moment_ago_may_yet_come():
    assert reason("accepted", now=15) == Reason.LATE
    assert reason("accepted", now=41) == Reason.MISSING


def test_a_trace_that_is_not_sampled_explains_itself():
    assert reason("accepted", Signs(unsampled=True)) == Reason.SAMPLED


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        (Signs(service="gateway"), Reason.SILENT),
        (Signs(service="gateway", heard_at=NOON - timedelta(hours=1)), Reason.SILENT),
        (Signs(service="gateway", heard_at=NOON + timedelta(hours=1)), Reason.MISSING),
        (Signs(others=40, shown=0), Reason.SILENT),
        (Signs(others=4, shown=0), Reason.MISSING),
        (Signs(others=40, shown=12), Reason.SAMPLED),
        (Signs(others=40, shown=39, orphan=True), Reason.SAMPLED),
        (Signs(others=40, shown=39), Reason.MISSING),
    ],
)
def test_what_others_show_tells_silence_from_sampling_from_loss(signs, expected):
    assert reason("accepted", signs) == expected


def test_a_service_that_never_sent_a_span_is_silent_also_ahead():
    never = Signs(service="sink", others=5)
    assert reason("reported", never) == Reason.SILENT
    assert reason("reported", never._replace(others=0)) == Reason.NOT_YET


def test_an_event_that_is_lost_was_not_seen_at_all():
    assert reason("reported", status=Status.LOST) == Reason.MISSING


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_what_an_event_that_ended_otherwise_did_not_reach_is_no_fault(status):
    found = told(status=status)["reported"]
    assert found[0] == Reason.NOT_YET
    assert found[1].startswith("not reached: the event")


def test_every_reason_has_its_sentence():
    for signs in (Signs(), Signs(unsampled=True), Signs(service="x"), Signs(others=9, shown=3)):
        assert all(len(sentence) > 20 for _, sentence in told(signs).values())
