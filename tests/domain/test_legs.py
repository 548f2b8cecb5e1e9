import pytest

from slatrack.domain.facts import fact
from slatrack.domain.legs import Leg, legs, seen_in
from slatrack.domain.matching import Matcher
from slatrack.domain.parts import Part, Sighting
from slatrack.domain.spans import Kind, Link
from tests.domain.journeys_of import journeys_of
from tests.spans import SECOND, span, span_id, trace_id
from tests.trades import accepted, enriched, received, reported, trade_flow

FLOW = trade_flow()


def one(*spans):
    [journey] = journeys_of([FLOW], spans).values()
    return journey


def told(*spans):
    """The legs of the one event in `spans`, told with the facts of all of them."""
    journey = one(*spans)
    matcher, by_name = Matcher([FLOW]), {FLOW.name: FLOW}
    facts = {(s.trace_id, s.span_id): fact(s, matcher.match(s), by_name) for s in spans}
    parts = {}
    for (trace, _), known in facts.items():
        seen = [
            Sighting(step, known.start, known.end, known.span_id, known.error, known.service,
                     "key", 1, known.topic, None, None)
            for _, step in known.steps
        ]  # fmt: skip
        before = parts.get(trace, Part((), 0, 0, 0, 0, False, ()))
        parts[trace] = before._replace(sightings=(*before.sightings, *seen))
    return {(leg.before, leg.after): leg for leg in legs(journey, seen_in(journey, parts, facts))}


def test_waiting_is_from_produced_to_consumed_and_working_inside_a_service():
    journey = one(received("T1", took=1), accepted(at=0.5, took=0.1), enriched(at=10, took=4))

    into_accepted, into_enriched = legs(journey)

    assert (into_accepted.working, into_accepted.waiting) == (SECOND // 2, 0)
    assert (into_enriched.before, into_enriched.after) == ("accepted", "enriched")
    assert into_enriched.waiting == round(9.4 * SECOND)
    assert into_enriched.working == SECOND // 10


def test_legs_add_up_to_the_way_from_the_first_start_to_the_last():
    spans = [received("T1"), accepted(), enriched(), reported()]
    assert sum(leg.waiting + leg.working for leg in legs(one(*spans))) == 20 * SECOND
    assert sum(leg.waiting + leg.working for leg in told(*spans).values()) == 20 * SECOND


def test_a_consumer_that_starts_before_its_producer_shows_skew_and_no_negative_leg():
    leg = told(received("T1"), accepted(at=5), enriched(at=4.9))["accepted", "enriched"]

    assert leg.skew == SECOND // 10
    assert leg.waiting == leg.working == 0


def test_a_producer_that_ends_after_its_message_was_taken_is_no_skew():
    leg = told(received("T1"), accepted(at=5, took=3), enriched(at=6))["accepted", "enriched"]

    assert (leg.skew, leg.waiting, leg.working) == (0, 0, SECOND)


def test_a_leg_over_a_step_that_was_not_seen_is_partial_and_names_it():
    leg = told(received("T1"), enriched("T1"))["received", "enriched"]
    assert (leg.partial, leg.why) == (True, "not seen between: accepted")


def test_a_sender_between_two_steps_tells_when_the_event_was_sent():
    sent = span("sent", parent="enriched", kind=Kind.PRODUCER, at=11, took=0.5)
    took = span("took", parent="sent", kind=Kind.CONSUMER, at=15, took=9)
    leg = told(
        received("T1"), accepted(), enriched(took=2), sent, took,
        reported(parent="took", at=18),
    )["enriched", "reported"]  # fmt: skip

    assert leg == Leg("enriched", "reported", round(3.5 * SECOND), round(4.5 * SECOND), 0, False)


@pytest.mark.parametrize("start", [1, 4])
def test_a_poll_is_charged_to_no_message(start):
    """It begins before the message is there and ends when it is: what came before is not a wait."""
    link = Link(trace_id("trace"), span_id("accepted"))
    poll = span(
        "poll", trace="other", kind=Kind.CONSUMER, at=start, took=9 - start,
        service="enricher", span_name="trades.accepted receive",
    )  # fmt: skip
    process = replace_links(enriched("T1", trace="other", parent="poll", at=9.5), link)
    leg = told(received("T1"), accepted("T1", at=5, took=1), poll, process)["accepted", "enriched"]

    assert (leg.waiting, leg.working, leg.skew) == (round(3.5 * SECOND), SECOND, 0)
    assert not leg.partial


def test_a_poll_that_is_all_there_is_takes_the_message_when_it_ends():
    link = Link(trace_id("trace"), span_id("accepted"))
    poll = replace_links(
        enriched("T1", trace="other", parent="", at=1, took=8, span_name="trades.accepted poll"),
        link,
    )
    leg = told(received("T1"), accepted("T1", at=5, took=1), poll)["accepted", "enriched"]

    assert (leg.waiting, leg.working, leg.skew) == (3 * SECOND, SECOND, 0)


def test_the_silent_side_is_named():
    legs_told = told(received("T1"), accepted(), enriched(), reported())
    assert legs_told["accepted", "enriched"].why == ""
    assert legs_told["enriched", "reported"].why.startswith("regulator-sink has no span that takes")

    elsewhere = enriched("T1", trace="other", parent="")._replace(topic="elsewhere")
    unsent = told(received("T1"), accepted("T1"), elsewhere)
    assert unsent["accepted", "enriched"].why.startswith("gateway has no span that sends it")


@pytest.mark.parametrize("place", [{"partition": 0, "offset": 41}, {}])
def test_a_sender_that_no_context_leads_to_is_known_by_its_message_or_its_topic(place):
    """Joined by place, or by nothing but the key: the span that sends it is there all the same."""
    wrote = accepted("T1", trace="a", parent="", at=1, took=0.5)._replace(**place)
    read = enriched("T1", trace="b", parent="", at=10)._replace(**place)

    leg = told(received("T1", trace="a"), wrote, read)["accepted", "enriched"]

    assert (leg.partial, leg.why) == (False, "")
    assert (leg.waiting, leg.working) == (round(8.5 * SECOND), SECOND // 2)


def test_two_steps_of_one_request_have_nothing_between_them_but_work():
    first = received("T1", took=1)
    late = accepted("T1", at=3)
    leg = told(first, late)["received", "accepted"]
    assert (leg.waiting, leg.working, leg.partial) == (0, 3 * SECOND, False)


def test_attempts_are_work_also_where_only_the_last_one_went_on():
    first = enriched(error=True, took=2)
    again = enriched(name="again", at=30, took=5)
    sent = span("sent", parent="again", kind=Kind.PRODUCER, at=34, took=0.5)
    leg = told(
        received("T1"), accepted(), first, again, sent, reported(parent="sent", at=40)
    )["enriched", "reported"]  # fmt: skip
    assert (leg.waiting, leg.working) == (round(5.5 * SECOND), round(24.5 * SECOND))


def test_rings_of_parents_and_links_end():
    ring = Link(trace_id("trace"), span_id("enriched"))
    spans = [
        received("T1", parent="enriched"),
        accepted("T1", parent="received"),
        replace_links(enriched("T1", span_name="x receive", parent="accepted"), ring),
    ]
    assert all(leg.waiting >= 0 and leg.working >= 0 for leg in told(*spans).values())


def replace_links(span_, *links):
    return span_._replace(links=links)
