import pytest

from slatrack.domain.legs import gaps, legs
from slatrack.domain.states import Status
from tests.domain.journeys_of import journeys_of
from tests.spans import NOON, SECOND
from tests.trades import accepted, enriched, received, reported, trade_flow

FLOW = trade_flow()


def one(*spans):
    [journey] = journeys_of([FLOW], spans).values()
    return journey


def test_waiting_is_from_produced_to_consumed_and_working_inside_a_service():
    journey = one(received("T1", took=1), accepted(at=0.5, took=0.1), enriched(at=10, took=4))

    into_accepted, into_enriched = legs(journey)

    assert (into_accepted.working, into_accepted.waiting) == (SECOND // 2, 0)
    assert (into_enriched.before, into_enriched.after) == ("accepted", "enriched")
    assert into_enriched.waiting == round(9.4 * SECOND)
    assert into_enriched.working == SECOND // 10


def test_legs_add_up_to_the_way_from_the_first_start_to_the_last():
    journey = one(received("T1"), accepted(), enriched(), reported())
    assert sum(leg.waiting + leg.working for leg in legs(journey)) == 20 * SECOND


def test_a_consumer_that_starts_before_its_producer_shows_skew_and_no_negative_leg():
    journey = one(received("T1"), accepted(at=5), enriched(at=4.9))

    leg = legs(journey)[-1]

    assert leg.skew == SECOND // 10
    assert leg.waiting == leg.working == 0


def test_a_leg_over_a_step_that_was_not_seen_is_partial():
    journey = one(received("T1"), enriched("T1"))
    [leg] = legs(journey)
    assert (leg.before, leg.after, leg.partial) == ("received", "enriched", True)


@pytest.mark.parametrize(
    ("behind", "status", "reasons"),
    [
        (0, Status.IN_FLIGHT, {"accepted": "missing", "reported": "not yet"}),
        (60, Status.IN_FLIGHT, {"accepted": "missing", "reported": "telemetry late"}),
        (0, Status.LOST, {"accepted": "missing", "reported": "missing"}),
    ],
)
def test_a_step_that_is_not_there_has_a_reason(behind, status, reasons):
    journey = one(received("T1"), enriched("T1"))
    now = NOON
    watermark = NOON.fromtimestamp(NOON.timestamp() - behind, NOON.tzinfo)

    found = gaps(journey, status, now=now, watermark=watermark)

    assert {gap.step: gap.reason for gap in found} == reasons
