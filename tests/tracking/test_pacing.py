"""Which arrivals tell the pace of a flow, where very many events of others end beside its own."""

from datetime import timedelta
from uuid import UUID

import pytest

from slatrack.tracking import pacing
from slatrack.tracking.pacing import Newest
from tests import factories as make
from tests.spans import NOON

pytestmark = pytest.mark.django_db

BEGIN = NOON - timedelta(minutes=5)


def ended(seconds: float, flow: str = "trade-reporting") -> UUID:
    """Have an event end so many seconds before noon; return its id."""
    at = NOON - timedelta(seconds=seconds)
    row = make.new_journey(flow=make.flow(flow), status="done", ended_at=at)
    row.started_at = at - timedelta(seconds=20)
    row.save()
    return row.id


def asked(newest: Newest, flow: str = "trade-reporting", *, end=NOON):
    found, since = newest.of(make.flow(flow).pk, BEGIN, end)
    return [one.id for one in found], since


def test_all_that_ended_in_the_window_newest_first_and_of_the_flow_only():
    mine = [ended(100), ended(1), ended(200)]
    ended(50, "payments")
    ended(301)
    assert asked(Newest(NOON)) == ([mine[1], mine[0], mine[2]], BEGIN)


def test_one_walk_does_for_all_flows(django_assert_num_queries):
    ended(1)
    ended(2, "payments")
    newest = Newest(NOON)
    asked(newest)
    other = make.flow("payments").pk
    with django_assert_num_queries(0):
        newest.of(other, BEGIN, NOON)


@pytest.fixture
def walk(monkeypatch):
    """Have a walk see three events, and so many of a flow tell its pace."""
    monkeypatch.setattr(pacing, "WALKED", 3)
    return lambda fewest: monkeypatch.setattr(pacing, "FEWEST", fewest)


def test_the_window_is_as_long_as_the_walk_reached_if_that_tells_enough(walk):
    walk(fewest=2)
    new = [ended(1), ended(3)]
    ended(4, "payments")
    ended(5)
    assert asked(Newest(NOON)) == (new, NOON - timedelta(seconds=4))


def test_a_flow_of_which_the_walk_shows_few_is_asked_for_by_itself(walk):
    walk(fewest=2)
    mine = [ended(3), ended(90)]
    for second in (1, 2, 4, 5):
        ended(second, "payments")
    assert asked(Newest(NOON)) == (mine, BEGIN)


def test_a_flow_whose_telemetry_lags_is_asked_for_by_itself(walk):
    walk(fewest=1)
    mine = [ended(60), ended(61)]
    for second in (1, 2, 3, 4):
        ended(second, "payments")
    assert asked(Newest(NOON), end=NOON - timedelta(seconds=50)) == (mine, BEGIN)


def test_a_flow_whose_telemetry_lags_further_than_the_walk_reaches_is_asked_for_by_itself():
    ended(1, "payments")
    mine = [ended(3610), ended(3620)]
    found, since = Newest(NOON).of(
        make.flow().pk, NOON - timedelta(seconds=3700), NOON - timedelta(seconds=3600)
    )
    assert ([one.id for one in found], since) == (mine, NOON - timedelta(seconds=3700))
