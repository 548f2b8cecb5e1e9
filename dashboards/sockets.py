"""The live socket `/live/`: one for each open page.

The browser sends {"subscribe": "board", "query": …}, {"subscribe": "journey", "flow": …, "key": …},
{"subscribe": "flow", "flow": …, "version": …} or {"subscribe": "alerts"}, and {"resync": true} when
it missed a frame. It gets `snapshot`, `patch`, `tick` each second, and `denied` before the end
where access is refused or lost.
"""

import asyncio
import contextlib
import logging
from typing import Any, ClassVar

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from dashboards.access import may, person
from dashboards.hub import Hub, hub
from dashboards.live_views import View, asked_for
from dashboards.slot import Slot

logger = logging.getLogger(__name__)

SIGNED_OUT = 4401
FORBIDDEN = 4403
UNCLEAR = 4400


class LiveSocket(AsyncJsonWebsocketConsumer):
    """Keeps one open page up to date."""

    recheck: ClassVar[float] = 5.0  # seconds between looks at the person's rights
    hub: Hub
    slot: Slot
    view: View | None = None
    over = False  # refused: nothing is subscribed to any more
    tasks: tuple[asyncio.Task[None], ...] = ()

    async def connect(self) -> None:
        """Let in whoever is signed in; ticks begin at once."""
        await self.accept()
        user = await person(self.scope)
        if not user.is_authenticated:
            await self.refuse(SIGNED_OUT, "You are signed out.")
            return
        self.slot = Slot()
        self.hub = hub()
        await self.hub.enter(self.slot, alerts=await may(user, "alerting.view_incident"))
        self.tasks = (asyncio.create_task(self._send()), asyncio.create_task(self._guard()))

    async def receive_json(self, content: Any, **_: Any) -> None:
        """Subscribe, or send the whole picture again."""
        if self.over or not self.tasks or not isinstance(content, dict):
            return
        if content.get("resync") and self.view in self.hub.streams:
            self.hub.streams[self.view].renew(self.slot)
            return
        view = asked_for(content, self.scope.get("cookies", {}).get("zone", ""))
        if view is None:
            await self.refuse(UNCLEAR, "Subscribe to board, journey, flow or alerts.")
        elif await self._admits(view, "Your account may not see this."):
            self.view = view
            await self.hub.subscribe(self.slot, view)
            if self.over:  # refused meanwhile
                self.hub.leave(self.slot)

    async def disconnect(self, code: int) -> None:
        """Leave nothing behind."""
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            self.tasks = ()
            self.hub.leave(self.slot)

    async def refuse(self, code: int, reason: str) -> None:
        """Say why, and end; once."""
        if self.over:
            return
        self.over = True
        await self.send_json({"kind": "denied", "reason": reason, "code": code})
        await self.close(code)
        await self.disconnect(code)

    async def _send(self) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # the browser went away meanwhile
            while True:
                await self.send_json(await self.slot.take())

    async def _guard(self) -> None:
        while not self.over:
            await asyncio.sleep(self.recheck)
            try:
                await self._admits(self.view, "Your account may no longer see this.")
            except Exception as error:  # it must not be the last look
                logger.warning("A person's rights could not be read, and will be again: %r", error)

    async def _admits(self, view: View | None, forbidden: str) -> bool:
        """Whether the person may still see `view`; if not, they are refused."""
        user = await person(self.scope)
        if not user.is_authenticated:
            await self.refuse(SIGNED_OUT, "You are signed out.")
        elif view is not None and not await may(user, view.permission):
            await self.refuse(FORBIDDEN, forbidden)
        return not self.over

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        """Return what the browser sent; None where it is not JSON, or has a NUL in it."""
        if "\\u0000" in text_data or "%00" in text_data:
            return None
        with contextlib.suppress(ValueError, RecursionError):
            return await super().decode_json(text_data)
        return None
