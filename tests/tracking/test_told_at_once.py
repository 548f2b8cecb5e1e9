"""What passes in silence presses: people wait for that second. What telemetry says does not."""

from datetime import timedelta

import pytest
from channels.db import database_sync_to_async

from slatrack.tracking import flows, watcher
from slatrack.tracking.models import Journey
from slatrack.tracking.recorder import record
from tests.spans import NOON
from tests.test_live import Listener
from tests.trades import DOCUMENT, received

pytestmark = pytest.mark.django_db(transaction=True)


def one_event_in_flight():
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))
    record([received("T1", at=0)], now=NOON)
    return str(Journey.objects.get().pk)


@pytest.mark.parametrize("minute", [8, 16, 24 * 60 + 1], ids=["a warning", "a miss", "a loss"])
async def test_what_passes_in_silence_is_told_at_once_rather_than_gathered(minute):
    journey = await database_sync_to_async(one_event_in_flight)()
    async with Listener() as listener:
        await database_sync_to_async(watcher.settle_due)(now=NOON + timedelta(minutes=minute))
        heard = await listener.hear()

    assert (heard["journeys"], heard["pressing"]) == ([journey], True)


async def test_what_telemetry_says_is_gathered():
    async with Listener() as listener:
        journey = await database_sync_to_async(one_event_in_flight)()
        heard = await listener.hear()

    assert (heard["journeys"], heard["pressing"]) == ([journey], False)
