"""Flips that deadlines tell, migrated: old rows stay, and the way back makes rows of all."""

from datetime import timedelta

import pytest

from slatrack.tracking import flows
from slatrack.tracking.models import Flip, Journey
from slatrack.tracking.recorder import record
from tests.migrating import migrate
from tests.recorded_flips import recorded
from tests.spans import NOON
from tests.trades import DOCUMENT, received, trade

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = ("tracking", "0003_unrouted")


@pytest.fixture
def told():
    """What was recorded of an event on time and of one in flight, by deadlines alone."""
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))
    record(trade("T1"), now=NOON + timedelta(seconds=30))
    record(trade("T2")[:3], now=NOON + timedelta(seconds=31))
    found = recorded()
    assert (len(found), Flip.objects.count()) == (1, 0)
    return found


@pytest.fixture
def there_and_back(told):
    migrate(BEFORE)
    migrate()


def test_what_was_recorded_is_the_same_there_and_back(told, there_and_back):
    assert recorded() == told
    assert Flip.objects.count() == 1
    assert not Journey.objects.filter(kept__isnull=False).exists()


def test_what_is_recorded_of_a_deadline_whose_flip_is_a_row_comes_after_it(told, there_and_back):
    early = received("T1", name="early", trace="another", at=-1000)
    record([early], now=NOON + timedelta(minutes=1))

    assert recorded(journey__key="T1")[:1] == told
    assert recorded("number", "after", journey__key="T1") == [(1, "met"), (2, "missed")]
