"""Journeys as contrasts see them: properties of the way, and times of the legs."""

from slatrack.domain.contrasts import Property, PropertyKind, leg_shifts, leg_times, properties
from slatrack.domain.contrasts.timing import LegName
from tests.domain.journeys_of import journeys_of
from tests.trades import accepted, enriched, received, reported, trade, trade_flow

FLOW = trade_flow()


def journey(*spans):
    [found] = journeys_of([FLOW], spans).values()
    return found


def test_the_way_with_its_services_and_the_hour():
    found = properties(journey(*trade("T1")))

    assert Property(PropertyKind.WAY, "", "received → accepted → enriched → reported") in found
    assert Property(PropertyKind.SERVICE, "enriched", "enricher") in found
    assert [one.value for one in found if one.kind is PropertyKind.HOUR] != []
    assert not [one for one in found if one.kind is PropertyKind.RETRIED]


def test_a_second_attempt_is_one_however_the_first_ended():
    again = enriched("T1", name="again", at=15, trace="T1")
    found = properties(journey(*trade("T1"), again))

    assert Property(PropertyKind.RETRIED, "enriched") in found


def test_that_an_event_has_not_arrived_is_no_property_of_late_ones():
    found = properties(journey(received("T1"), accepted("T1")))

    assert PropertyKind.WAY not in {one.kind for one in found}


def test_the_leg_that_takes_longer_is_told():
    def slow(n, wait):
        return journey(
            *trade(f"T{n}")[:2],
            enriched(f"T{n}", name=f"e{n}", parent=f"T{n}-accepted", trace=f"T{n}", at=10 + wait),
            reported(f"T{n}", name=f"r{n}", parent=f"e{n}", trace=f"T{n}", at=20 + wait),
        )

    first = leg_times(FLOW, [slow(n, 100 + n / 10) for n in range(20)])
    second = leg_times(FLOW, [slow(n, n / 10) for n in range(20, 40)])
    found = {one.leg: one for one in leg_shifts(FLOW, first, second)}

    waiting = found[LegName("enriched", True)]
    assert 95 < waiting.shift.difference < 105
    assert waiting.shift.interval.low > 90
    assert (waiting.p < 0.001, waiting.shift.longer, waiting.count) == (True, 1.0, 20)
    assert found[LegName("reported", True)].p == 1
