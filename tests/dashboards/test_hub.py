"""The hub hands news on as it came: what presses is drawn before its time, other news waits."""

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

import pytest
import redis
from channels.db import database_sync_to_async
from channels.layers import InMemoryChannelLayer
from django.db import OperationalError

from dashboards import hub as hub_module
from dashboards import stream
from dashboards.hub import Hub
from dashboards.live_views import View
from dashboards.picture import Picture
from dashboards.slot import Slot
from slatrack import live

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 10.0  # seconds; every wait ends as soon as what it waits for is there


@dataclass(frozen=True)
class Numbered(View):
    """A view of how often it was drawn, which never looks by itself and says what it was told."""

    told: asyncio.Event = field(default_factory=asyncio.Event)
    drawn: Iterator[int] = field(default_factory=lambda: count(1))
    permission = ""
    every = math.inf

    def wants(self, journeys, incidents):
        self.told.set()
        return True

    def draw(self, *, now):
        return Picture(parts={"number": str(next(self.drawn))})


@asynccontextmanager
async def looking_at(view):
    """Yield a hub, and the slot of the one browser that looks at `view` by it."""
    hub, slot = Hub(), Slot()
    await hub.enter(slot, alerts=False)
    await hub.subscribe(slot, view)
    try:
        yield hub, slot
    finally:
        hub.leave(slot)


@dataclass(frozen=True)
class FailsAtFirst(Numbered):
    """A view that cannot be drawn the first two times."""

    every = 0.01

    def draw(self, *, now):
        picture = super().draw(now=now)
        if picture.parts["number"] in ("1", "2"):
            raise OperationalError("gone")
        return picture


async def number_in(slot):
    """Return the number that the next frame shows; ticks are passed over."""
    async with asyncio.timeout(PATIENCE):
        while (message := await slot.take())["kind"] == "tick":
            pass
    return message["parts"]["number"]


async def test_pressing_news_reaches_the_browser_before_the_next_frame_is_due(monkeypatch):
    monkeypatch.setattr(stream, "GAP", 600.0)
    async with looking_at(Numbered()) as (_, slot):
        assert await number_in(slot) == "1"

        await database_sync_to_async(live.announce)([uuid4()], pressing=True)

        assert await number_in(slot) == "2"


async def test_a_page_is_shown_nothing_until_its_view_can_be_drawn():
    async with looking_at(FailsAtFirst()) as (_, slot):
        assert await number_in(slot) == "3"


async def test_other_news_waits_for_the_next_frame(monkeypatch):
    monkeypatch.setattr(stream, "GAP", 600.0)
    view = Numbered()
    async with looking_at(view) as (hub, slot):
        assert await number_in(slot) == "1"

        await database_sync_to_async(live.announce)([uuid4()])

        await asyncio.wait_for(view.told.wait(), PATIENCE)
        assert time.monotonic() + 500 < hub.streams[view].due_at() < math.inf


class AwayAtFirst(InMemoryChannelLayer):
    """A channel layer whose Redis cannot be reached when somebody joins for the first time."""

    refused = False

    async def group_add(self, group, channel):
        if not self.refused:
            self.refused = True
            raise redis.ConnectionError("Connection refused")
        await super().group_add(group, channel)


async def test_news_is_heard_again_after_the_channel_layer_was_away(monkeypatch, settings):
    monkeypatch.setattr(hub_module, "TICK", 0.01)
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.AwayAtFirst"}}
    view = Numbered()
    async with looking_at(view) as (_, slot):
        assert await number_in(slot) == "1"
        assert await number_in(slot) == "2"  # joined: what was told meanwhile is looked for
        view.told.clear()

        await database_sync_to_async(live.announce)([uuid4()])

        await asyncio.wait_for(view.told.wait(), PATIENCE)
