"""The one place of a web process where news arrives and live views are drawn.

However many browsers are open: one member of the channel layer's group, one drawing per view and
change, one look at the pulse. There is one hub per event loop; it starts with the first browser and
stops with the last.
"""

import asyncio
import contextlib
import logging
import math
import time
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.utils import timezone

from dashboards.live_views import View
from dashboards.queries_pulse import pulse
from dashboards.slot import Slot
from dashboards.stream import Stream
from slatrack import live
from slatrack.alerting import reading

logger = logging.getLogger(__name__)

LONGEST = 1.0  # seconds between looks at what is to be drawn
TICK = 1.0
JOIN_AGAIN = 600.0  # group membership expires in some layers


class Hub:
    """Streams by view, and the sockets that get ticks (True: with the count of open alerts)."""

    def __init__(self) -> None:
        self.streams: dict[View, Stream] = {}
        self.sockets: dict[Slot, bool] = {}
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def enter(self, slot: Slot, *, alerts: bool) -> None:
        """Begin to send ticks to a socket."""
        self.sockets[slot] = alerts
        if not self._tasks:
            live.attach(asyncio.get_running_loop())
            loops = (self._listen(), self._draw(), self._beat())
            self._tasks = [asyncio.create_task(one) for one in loops]

    async def subscribe(self, slot: Slot, view: View) -> None:
        """Show `view` to a socket; what it saw before is left."""
        self.unsubscribe(slot)
        stream = self.streams.setdefault(view, Stream(view))
        await stream.join(slot)
        self._news.set()

    def unsubscribe(self, slot: Slot) -> None:
        """Stop showing anything to a socket but ticks."""
        slot.clear()
        for view, stream in list(self.streams.items()):
            stream.slots.discard(slot)
            if not stream.slots:
                del self.streams[view]

    def leave(self, slot: Slot) -> None:
        """Forget a socket; the last one stops the hub."""
        self.sockets.pop(slot, None)
        self.unsubscribe(slot)
        if not self.sockets:
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    async def _listen(self) -> None:
        layer: Any = get_channel_layer()
        if layer is None:
            return
        again = False
        while True:
            try:
                async with asyncio.timeout(JOIN_AGAIN):
                    await self._hear(layer, again=again)
            except TimeoutError:
                pass
            except Exception as error:  # each layer has errors of its own
                logger.warning("No news of changes: the channel layer is away: %r", error)
                await asyncio.sleep(TICK)
            again = True

    async def _hear(self, layer: Any, *, again: bool) -> None:
        channel = await layer.new_channel("live")
        try:
            await layer.group_add(live.GROUP, channel)
            if again:  # nobody heard what was told meanwhile
                self._tell({"journeys": None, "incidents": None})
            while True:
                self._tell(await layer.receive(channel))
        finally:
            with contextlib.suppress(Exception):
                await layer.group_discard(live.GROUP, channel)

    def _tell(self, news: dict[str, Any]) -> None:
        for stream in self.streams.values():
            stream.tell(news["journeys"], news["incidents"], pressing=news.get("pressing", False))
        self._news.set()

    async def _draw(self) -> None:
        while True:
            self._news.clear()
            now = time.monotonic()
            for stream in [one for one in self.streams.values() if one.due_at() <= now]:
                await stream.refresh()
            await self._wait()

    async def _wait(self) -> None:
        """Wait for news, and for the views that rest or look by themselves."""
        nearest = min((one.due_at() for one in self.streams.values()), default=math.inf)
        wait = min(nearest - time.monotonic(), LONGEST)
        if wait <= 0:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._news.wait()

    async def _beat(self) -> None:
        while True:
            began = time.monotonic()
            try:
                open_alerts, sentence = await database_sync_to_async(_state)()
            except Exception:
                logger.exception("The pulse could not be read")
                open_alerts, sentence = None, "The database does not answer."
            base = {"kind": "tick", "now": int(timezone.now().timestamp() * 1000)}
            for slot, alerts in self.sockets.items():
                told = open_alerts if alerts else None
                slot.tick({**base, "pulse": sentence, "alerts": told})
            await asyncio.sleep(max(0.1, TICK - (time.monotonic() - began)))


def _state() -> tuple[int, str]:
    return reading.open_count(), pulse(now=timezone.now()).sentence


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
