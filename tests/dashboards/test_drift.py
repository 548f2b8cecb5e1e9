import pytest

from slatrack.tracking import drifting
from slatrack.tracking.discovery_models import DriftDismissal
from tests.dashboards.signed_in import client
from tests.tracking.test_drifting import LATER, flow, trades  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
PAGE = "/flows/trade-reporting/"


@pytest.fixture
def difference(flow):  # noqa: F811
    trades(range(30, 50), audited=True)
    return drifting.look(flow.name, now=LATER)[0]


def text(answer):
    return answer.content.decode()


def test_the_flow_page_tells_what_differs(difference):
    page = text(client("viewer").get(PAGE))

    assert "New: auditor, consumer trades.accepted" in page
    assert "all of the 20 events looked at since go there, after enriched" in page
    assert "T049" in page
    assert "Dismiss" not in page  # a viewer may not


def test_one_click_shows_the_step_in_the_editor_unsaved(difference):
    page = client("author").get(f"{PAGE}edit?add={difference.ident}")

    assert "step: auditor" in page.context["draft"].text
    assert "The document is right." in text(page)
    assert "could not be added" in text(client("admin").get(f"{PAGE}edit?add=gone"))


def test_dismissing_keeps_who_and_when(difference):
    browser = client("author")

    page = text(browser.post(f"{PAGE}drift/{difference.ident}/dismiss", follow=True))
    browser.post(f"{PAGE}drift/{difference.ident}/dismiss")

    assert "1 dismissed" in page
    assert "dismissed by author" in page
    assert "Add the step" not in page
    assert DriftDismissal.objects.get().by.username == "author"


def test_what_is_gone_cannot_be_dismissed(difference):
    page = client("author").post(f"{PAGE}drift/0123/dismiss", follow=True)

    assert "That difference is gone" in text(page)
    assert not DriftDismissal.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "operator", ""])
def test_others_may_not_dismiss(difference, role):
    answer = client(role).post(f"{PAGE}drift/{difference.ident}/dismiss")

    assert answer.status_code == 403
    assert not DriftDismissal.objects.exists()
