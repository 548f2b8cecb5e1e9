"""The benchmark of deadlines decides and tells all it lets stand, once each."""

import pytest

from slatrack.bench import deadlines, standing
from slatrack.bench.looking import looks
from slatrack.tracking.models import Journey
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def test_pages_are_timed_while_events_stand():
    standing.stand(20, first_due=NOON, now=NOON)

    figures = looks(standing.FLOWS[0], 2)

    assert set(figures) < set(deadlines.UNITS)
    assert all(value > 0 for value in figures.values())
    assert looks(standing.FLOWS[0], 0) == {}


def test_one_that_is_overdue_is_beside_the_others():
    standing.stand(20, first_due=NOON, now=NOON)

    key = standing.overdue(now=NOON)

    assert Journey.objects.get(key=key).due_at < NOON
    assert Journey.objects.count() == 21


@pytest.mark.parametrize("field", ["missed", "flips", "alerts"])
def test_one_too_few_is_a_defect(field):
    right = {"deadlines": 20, "missed": 21, "not_missed": 0, "flips": 21, "alerts": 21}
    figures = {**right, "incidents": len(standing.FLOWS)}

    assert deadlines.BENCH.wrong(figures) == ""
    assert deadlines.BENCH.wrong({**figures, field: 20})
