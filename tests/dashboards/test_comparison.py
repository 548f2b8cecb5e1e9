"""The tab that compares an event with a typical one."""

from datetime import UTC, datetime

import pytest

from dashboards.comparison import comparison
from dashboards.journey_data import look
from slatrack.tracking import comparing
from tests.dashboards.recorded import record, save_flow, step_span, trade
from tests.dashboards.signed_in import client

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "tab"}


@pytest.fixture(autouse=True)
def _flow():
    save_flow()


def others(count=8):
    for number in range(count):
        trade(f"other-{number}", ago=500 - number)


def compared(key="T-1"):
    found = look("trade-reporting", key, now=datetime.now(UTC))
    assert found is not None
    return comparison(found)


def test_it_names_the_leg_and_the_part_of_it_that_took_longer():
    others()
    start = trade("T-1", "received", "accepted", "enriched", ago=400)
    record(step_span("T-1", "reported", start, after=260))

    found = compared()

    assert found.sentences == [
        "It took 4 min 21 s, longer than nearly all others; the 8 events done before it took "
        "1 min 1 s at the median.",
        "Most was added by waiting from enriched to reported: 3 min 20 s more than the usual 48 s.",
    ]
    by_leg = {(one.before, one.after): one for one in found.rows}
    late = by_leg["enriched", "reported"]
    assert (late.difference, late.longer) == ("3 min 20 s longer", True)
    assert late.bar is not None
    assert late.usual_bar is not None
    assert late.bar.working + late.bar.waiting == pytest.approx(100)
    assert late.usual_bar.waiting == pytest.approx(48 / 250 * 100, abs=0.1)
    assert {by_leg[leg].difference for leg in by_leg if leg[1] != "reported"} == {"as usual"}


def test_one_like_the_others_says_so_and_leads_to_a_typical_one():
    others()
    trade("T-1", ago=400)

    found = compared()

    assert found.sentences[1] == "No leg took noticeably longer than usual."
    assert found.nearest.startswith("other-")
    page = client("viewer").get("/flows/trade-reporting/journeys/T-1?tab=compare", headers=HTMX)
    assert f"/journeys/{found.nearest}?tab=compare" in page.content.decode()


def test_an_event_on_its_way_shows_what_lies_ahead():
    others()
    trade("T-1", "received", "accepted", ago=60)

    found = compared()

    assert found.sentences[0].startswith("It is on its way; the 8 events done before it took")
    ahead = [one for one in found.rows if one.here is None]
    assert [(one.after, one.difference) for one in ahead] == [
        ("enriched", "not taken"),
        ("reported", "not taken"),
    ]


def test_it_is_compared_with_those_before_it_and_never_with_itself():
    others()
    trade("T-1", ago=400)
    for number in range(8):
        start = trade(f"later-{number}", "received", "accepted", "enriched", ago=300)
        record(step_span(f"later-{number}", "reported", start, after=200))

    found = compared()

    assert found.count == 8
    assert "1 min 1 s at the median" in found.sentences[0]


def test_where_hardly_any_came_before_it_the_newest_serve():
    trade("T-1", ago=900)
    others()
    assert compared().count == 8


def test_the_first_event_has_nothing_to_be_compared_with():
    trade("T-1")
    found = compared()
    assert found.rows == []
    assert "nothing to compare with" in found.sentences[0]


def test_however_many_there_are_it_asks_a_bounded_number_of_questions(
    django_assert_max_num_queries, monkeypatch
):
    monkeypatch.setattr(comparing, "SAMPLE", 5)
    others(12)
    trade("T-1", ago=400)
    found = look("trade-reporting", "T-1", now=datetime.now(UTC))
    assert found is not None
    assert found.evidence.facts
    with django_assert_max_num_queries(3):  # which, their rows, their traces
        assert len(comparing.others(found.known)) == 5
