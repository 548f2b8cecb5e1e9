from datetime import UTC, datetime

import pytest

from slatrack.tracking import discovering, rematching
from slatrack.tracking.discovery_models import Discovery, Rematch, Work
from tests.dashboards.signed_in import client
from tests.domain.discovery.world import World
from tests.spans import NOON
from tests.tracking.test_discovering import clock, park

pytestmark = pytest.mark.django_db


@pytest.fixture
def proposal():
    park(World(events=12, noise=6))
    return discovering.findings(discovering.look_now(clock=clock)).proposals[0]


def text(answer):
    return answer.content.decode()


def test_before_anybody_looked():
    assert "Nobody has looked yet" in text(client("author").get("/discover/"))


def test_a_look_with_nothing_to_see():
    discovering.look_now(clock=clock)

    assert "No flow is suggested" in text(client("viewer").get("/discover/"))


def test_a_proposal_shows_its_way_its_key_and_why(proposal):
    page = text(client("viewer").get("/discover/"))

    assert "<strong>all</strong> of 12 events go this way" in page
    assert "<code>order.id</code>" in page
    assert "on the spans of 4 of 5 steps" in page
    assert "one place alone" in page
    assert "Make this flow" not in page  # a viewer may not


def test_no_value_is_shown_whole(proposal):
    keys = {value for key in park_keys() for value in (key,)}

    page = text(client("admin").get("/discover/"))

    assert not [key for key in keys if key in page]


def park_keys():
    spans = World(events=12, noise=6).spans()
    return {str(s.attributes["order.id"]) for s in spans if "order.id" in s.attributes}


def test_one_click_fills_the_editor_and_saving_joins_the_parked_spans(proposal):
    browser = client("author")
    page = text(browser.get(f"/new-flow/?proposal={proposal.ident}"))
    assert "event_key: [order.id]" in page
    document = browser.get(f"/new-flow/?proposal={proposal.ident}").context["draft"].text

    answer = browser.post("/new-flow/", {"document": document, "do": "save"}, follow=True)

    assert "are being matched again" in text(answer)
    row = Rematch.objects.get()
    assert (row.flow, row.state) == ("orders", Work.State.WAITING)
    rematching.carry_out(row, clock=clock)
    assert row.problem == ""


def test_a_proposal_that_is_gone_is_said_to_be(proposal):
    page = text(client("author").get("/new-flow/?proposal=0123&key=7"))

    assert "That proposal is gone" in page
    assert "my-flow" in page


def test_an_author_has_a_worker_look():
    browser = client("author")

    answer = browser.post("/discover/look", follow=True)

    assert "Looking at parked spans" in text(answer)
    assert Discovery.objects.get().by.username == "author"


@pytest.mark.parametrize("role", ["viewer", "operator", ""])
def test_others_may_not_have_it_look(role):
    assert client(role).post("/discover/look").status_code == 403
    assert not Discovery.objects.exists()


def test_nobody_without_a_right_sees_proposals():
    assert client("").get("/discover/").status_code == 403


def test_progress_is_brought_alone_and_ends_with_the_page_anew():
    browser = client("viewer")
    row = Discovery.objects.create(asked_at=NOON, alive_at=datetime.now(UTC))

    part = browser.get("/discover/", headers={"HX-Request": "true"})
    assert text(part).lstrip().startswith('<div id="work"')
    assert "HX-Refresh" not in part

    row.delete()
    assert browser.get("/discover/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
