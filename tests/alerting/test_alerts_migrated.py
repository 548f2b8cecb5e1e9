"""Alerts that say all themselves, migrated: the way back finds the flip that each stands for."""

import pytest

from slatrack.alerting.models import Alert
from slatrack.alerting.routing import take_up
from slatrack.tracking.models import Flip
from tests import factories as make
from tests.alerting.told import DUE, NOW, event, missed, warned
from tests.migrating import migrate

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = [("alerting", "0002_bulk_alerts"), ("tracking", "0007_flips_become_history_when_taken_up")]


@pytest.fixture
def alerts():
    """Alerts of one event that were all recorded and decided at once, and one of another."""
    row = event()
    at_risk = {"recorded_at": NOW, "at": DUE}
    make.flip(row, "risk", "on_track", "at_risk", **at_risk)
    for number in (1, 2):
        warned(row, number, recorded_at=NOW, at=DUE)
    missed(row)
    make.flip(row, "status", "in_flight", "lost", recorded_at=NOW, at=DUE)
    missed(event())
    take_up(None, now=NOW)
    return {one.pk: (one.journey_id, one.rung, one.warning) for one in Alert.objects.all()}


def test_each_finds_its_own_flip_and_stays_as_it_was(alerts):
    before = migrate(*BEFORE)
    found = before.get_model("alerting", "Alert").objects.values_list("pk", "flip")
    flips = {one.pk: one for one in Flip.objects.all()}
    stands_for = {
        alert: (flips[flip].journey_id, flips[flip].about, flips[flip].after)
        for alert, flip in found
    }
    migrate()

    said = {
        "at_risk": ("risk", "at_risk"),
        "due_soon": ("warning", None),
        "missed": ("verdict", "missed"),
        "lost": ("status", "lost"),
    }
    assert len(alerts) == len(set(stands_for.values())) == 6
    for alert, (journey, rung, warning) in alerts.items():
        about, after = said[rung]
        assert stands_for[alert] == (journey, about, after or str(warning))
    rows = {one.pk: (one.journey_id, one.rung, one.warning) for one in Alert.objects.all()}
    assert rows == alerts
