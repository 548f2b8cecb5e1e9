"""What one open browser is still to be sent: at most one frame, the latest wins."""

import asyncio
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


class Slot:
    """Holds the next tick and the next frame of one socket.

    A browser that is slow to take a frame costs nothing: the frame is dropped when a newer one
    comes, and a snapshot of the then latest state is sent in its place.
    """

    def __init__(self) -> None:
        self._ready = asyncio.Event()
        self._frame: Message | None = None
        self._tick: Message | None = None
        self._snapshot: Callable[[], Message] | None = None

    def offer(self, frame: Message, snapshot: Callable[[], Message]) -> None:
        """Send `frame`; if one waits already, send what `snapshot` returns later instead."""
        if self._snapshot is not None or self._frame is not None:
            self._frame, self._snapshot = None, snapshot
        else:
            self._frame = frame
        self._ready.set()

    def renew(self, snapshot: Callable[[], Message]) -> None:
        """Send a snapshot next, instead of any frame that waits."""
        self._frame, self._snapshot = None, snapshot
        self._ready.set()

    def tick(self, message: Message) -> None:
        """Send a tick; an older one that waits is dropped."""
        self._tick = message
        self._ready.set()

    def clear(self) -> None:
        """Drop what waits: the browser turned to another view."""
        self._frame = self._snapshot = None

    async def take(self) -> Message:
        """Wait for the next message and return it; frames go before ticks."""
        while True:
            await self._ready.wait()
            if self._snapshot is not None:
                snapshot, self._snapshot = self._snapshot, None
                return snapshot()
            if self._frame is not None:
                frame, self._frame = self._frame, None
                return frame
            tick, self._tick = self._tick, None
            self._ready.clear()
            if tick is not None:
                return tick
