import pytest

from slatrack.alerting import routing
from slatrack.alerting.models import Delivery, Route
from tests import factories as make
from tests.alerting.told import NOW, channel, event, missed, warned

pytestmark = pytest.mark.django_db


@pytest.fixture
def receivers():
    """A desk, a pager, and a route that sends some news to the pager only."""
    channel("desk")
    pager = channel("pager")

    def routed(**matchers):
        row = Route.objects.create(name="some", **matchers)
        row.channels.add(pager)

    return routed


def reached():
    """Return who was told of one missed deadline of trade-reporting, critical."""
    missed(event())
    routing.take_up(None, now=NOW)
    return sorted(Delivery.objects.values_list("channel__name", flat=True))


@pytest.mark.parametrize(
    "matchers",
    [{}, {"severities": ["critical"]}, {"rungs": ["missed", "due_soon"]}],
)
def test_a_route_that_matches_decides(receivers, matchers):
    receivers(**matchers)

    assert reached() == ["pager"]


@pytest.mark.parametrize(
    "matchers", [{"severities": ["info"]}, {"rungs": ["failed"]}, {"enabled": False}]
)
def test_news_that_no_route_wants_goes_to_all(receivers, matchers):
    receivers(**matchers)

    assert reached() == ["desk", "pager"]


def test_a_route_may_be_for_one_flow(receivers):
    receivers(flow=make.flow("payments"))

    assert reached() == ["desk", "pager"]


def test_a_route_for_misses_leaves_warnings_to_all(receivers):
    receivers(rungs=["missed"])
    warned(event())

    routing.take_up(None, now=NOW)

    assert Delivery.objects.count() == 2


def test_without_channels_the_incident_is_there_all_the_same():
    assert reached() == []
    assert missed(event()).pk
