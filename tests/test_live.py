"""The one door to browsers: what is told, when, and by which loop."""

import asyncio
from uuid import uuid4

import pytest
from channels.layers import get_channel_layer
from django.db import transaction

from slatrack import live

pytestmark = pytest.mark.django_db(transaction=True)


class Listener:
    """Somebody in the group of open pages."""

    async def __aenter__(self):
        self.layer = get_channel_layer()
        self.channel = await self.layer.new_channel("listener")
        await self.layer.group_add(live.GROUP, self.channel)
        live.attach(asyncio.get_running_loop())
        return self

    async def __aexit__(self, *_):
        await self.layer.group_discard(live.GROUP, self.channel)

    async def hear(self):
        return await asyncio.wait_for(self.layer.receive(self.channel), 10)

    async def hears_nothing(self) -> bool:
        """Whether nothing came in the time that news is gathered for, several times over."""
        try:
            await asyncio.wait_for(self.layer.receive(self.channel), 6 * live.COALESCE)
        except TimeoutError:
            return True
        return False


def announce_and_roll_back() -> None:
    try:
        with transaction.atomic():
            live.announce([uuid4()])
            raise RuntimeError
    except RuntimeError:
        pass


def announce_many(batches: int, size: int) -> set[str]:
    told = set()
    for _ in range(batches):
        ids = [uuid4() for _ in range(size)]
        live.announce(ids)
        told |= {str(one) for one in ids}
    return told


async def test_news_of_many_batches_and_threads_comes_as_one_message():
    async with Listener() as listener:
        told = await asyncio.gather(*(asyncio.to_thread(announce_many, 10, 3) for _ in range(3)))
        heard = set()
        messages = 0
        while len(heard) < 90:
            heard |= set((await listener.hear())["journeys"])
            messages += 1
    assert heard == set().union(*told)
    assert messages < 30


async def test_very_many_ids_are_not_listed():
    async with Listener() as listener:
        await asyncio.to_thread(announce_many, 1, live.MANY + 1)
        assert (await listener.hear())["journeys"] is None


async def test_nothing_is_told_of_what_was_rolled_back():
    async with Listener() as listener:
        await asyncio.to_thread(announce_and_roll_back)
        assert await listener.hears_nothing()


async def test_incidents_are_told_by_number():
    async with Listener() as listener:
        await asyncio.to_thread(live.announce_alerts, [7, 3])
        told = {"journeys": [], "incidents": [3, 7], "pressing": False}
        assert await listener.hear() == {"type": "changed", **told}


async def test_news_that_presses_makes_the_message_press():
    one = uuid4()
    async with Listener() as listener:
        await asyncio.to_thread(live.announce, [one], pressing=True)
        heard = await listener.hear()
        assert (heard["journeys"], heard["pressing"]) == ([str(one)], True)
        await asyncio.to_thread(live.announce, [one])
        assert (await listener.hear())["pressing"] is False


def test_a_server_that_ended_is_no_obstacle():
    loop = asyncio.new_event_loop()
    live.attach(loop)
    loop.close()
    live.announce([uuid4()])  # nobody listens; nothing raises
