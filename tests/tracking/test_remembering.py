"""How often it is looked at what is on its way: the longer that takes, the less often."""

import pytest

from slatrack.tracking import remembering
from slatrack.tracking.forecast_models import FlowHistory
from slatrack.tracking.recorder import record
from tests.tracking.forecast_world import LATER, at, begin, in_force, look, remember

pytestmark = pytest.mark.django_db

TOOK = 2.0  # seconds


@pytest.fixture(autouse=True)
def _sampled_once():
    """Trades of the past, one on its way, looked at, which took long; and then another."""
    in_force()
    remember()
    record(begin("T1", LATER), now=at(LATER + 6))
    look(LATER + 10)
    remembering._OnWay.took(TOOK, at(LATER + 10))
    record(begin("T2", LATER + 12), now=at(LATER + 20))


def on_way() -> bytes:
    return bytes(FlowHistory.objects.get().on_way)


def test_it_is_not_looked_at_again_before_so_many_times_as_long():
    before, rest = on_way(), TOOK * remembering.ON_WAY_RESTS
    look(LATER + 10 + rest - 1)
    assert on_way() == before
    look(LATER + 10 + rest + 20)
    assert on_way() != before


def test_a_clock_that_was_set_back_is_no_reason_to_wait():
    before = on_way()
    remembering._OnWay.took(TOOK, at(LATER + 3600))
    look(LATER + 40)
    assert on_way() != before


def test_a_flow_of_which_nothing_is_known_yet_is_looked_at():
    FlowHistory.objects.all().delete()
    look(LATER + 40)
    assert len(on_way()) > 10
