from datetime import timedelta

import pytest
from django.utils import timezone

from slatrack.tracking import flows
from slatrack.tracking.models import Flow
from slatrack.tracking.packing import pack_parts
from tests.dashboards.signed_in import client
from tests.factories import NOON, deadline, journey, minutes
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

PAGE = "/flows/trade-reporting/"
AGO = minutes(20)
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def trades():
    flows.save(DOCUMENT, now=NOON)
    return Flow.objects.get()


def ended(flow, seconds, *, ago=AGO, missed=False, **fields):
    start = timezone.now() - ago
    return journey(
        flow=flow,
        status="done",
        verdict="missed" if missed else "met",
        started_at=start,
        ended_at=start + timedelta(seconds=seconds),
        due_at=start + minutes(15),
        parts=pack_parts({}),
        **fields,
    )


def test_without_flows_the_list_says_what_to_do_next():
    author, viewer = (client(role).get("/flows/").content.decode() for role in ("author", "viewer"))

    assert "There is no flow yet" in author
    assert "/new-flow/" in author
    assert "/new-flow/" not in viewer


def test_the_list_shows_counts_and_deadlines_as_sentences(trades):
    now = timezone.now()
    for _ in range(2):
        journey(flow=trades, due_at=now + minutes(3), warn_at=now - minutes(1))

    page = client("viewer").get("/flows/").content.decode()

    assert '<td class="number is-at-risk hue" data-label="At risk">2</td>' in page
    assert "must reach reported within 15 min of ingress" in page


def test_a_flow_is_not_shown_without_the_right(trades):
    assert client("").get(PAGE).status_code == 403


def test_a_flow_without_events_is_whole_and_says_so(trades):
    page = client("viewer").get(PAGE).content.decode()

    assert "No event started in the last 1 hour" in page
    assert "No event has ended in this range." in page
    assert "Edit flow" not in page


def test_the_finding_of_each_chart_stands_in_words_and_in_a_table(trades):
    for number in range(19):
        deadline(ended(trades, 60 + number))
    ended(trades, 1000, missed=True)

    page = client("viewer").get(PAGE).content.decode()

    assert "Half of 20 events take less than 1 min 9 s" in page
    assert "1 was late (5.0 %)" in page
    assert '"text": "deadline 15 min"' in page
    assert page.count("<summary>Table</summary>") == 2


def test_the_range_is_in_the_address(trades):
    ended(trades, 60, ago=timedelta(hours=3))
    browser = client("viewer")

    assert "No event has ended" in browser.get(PAGE).content.decode()
    assert "Half of 1 events" in browser.get(f"{PAGE}?range=6h").content.decode()
    assert 'aria-current="true"' in browser.get(f"{PAGE}?range=made-up").content.decode()


def test_hostile_text_is_text(trades):
    text = DOCUMENT.replace("Equity trade reports", HOSTILE)
    Flow.objects.update(title=HOSTILE, document=text)
    journey(flow=trades, step=HOSTILE, key=HOSTILE, attributes={HOSTILE: HOSTILE})
    browser = client("author")

    for address in ("/flows/", PAGE, f"{PAGE}edit", "/rules/", f"{PAGE}versions/1"):
        page = browser.get(address).content.decode()
        assert HOSTILE not in page
        assert "style=" not in page, "our policy forbids inline styles"


def test_events_are_counted_at_their_step(trades):
    journey(flow=trades, step="accepted", verdict="missed")
    journey(flow=trades, step="accepted", working=True)

    page = client("viewer").get(PAGE).content.decode()

    assert "accepted: 2 events here, 1 late, 1 at risk; not seen in the last hour" in page
    assert "from accepted to enriched: 1 event waiting, 1 late" in page
    assert 'href="/?flow=trade-reporting&amp;step=accepted&amp;at=waiting"' in page
