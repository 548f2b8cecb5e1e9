"""One view and all the browsers that look at it."""

import logging
import secrets
import time
from typing import Any

from channels.db import database_sync_to_async
from django.utils import timezone

from dashboards.live_views import AlertsView, View
from dashboards.picture import Picture
from dashboards.slot import Slot

logger = logging.getLogger(__name__)

GAP = 0.25  # seconds from frame to frame, at least: four a second
SHARE = 3  # and at least so many times what drawing computed: a third of a core at the most
PRESS = 1.0  # seconds between frames that come before their GAP is over, for pressing news
REST = 1.5  # and so many times what it took, with the database's part: that is others' too


class Stream:
    """Draws a view again when there is news, and offers each browser what changed.

    Frames are numbered by `seq` within an `epoch`; a frame holds what changed since `base_seq`.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.epoch = secrets.token_hex(6)
        self.seq = 0
        self.slots: set[Slot] = set()
        self.picture: Picture | None = None
        self.news: set[int] = set()
        self._dirty = True
        self._pressed = False
        self._pressed_at = -PRESS
        # By the monotonic clock: when the last drawing began, and until when its cost lets it rest.
        self._began = self._rests_until = 0.0

    def tell(
        self, journeys: list[str] | None, incidents: list[int] | None, *, pressing: bool = False
    ) -> None:
        """Note news; the next `refresh` looks whether it changed the picture."""
        if self.view.wants(journeys, incidents):
            self._dirty = True
            self._pressed |= pressing
            self.news.update(incidents or ())

    def due_at(self) -> float:
        """Return when to draw again, by the monotonic clock; it may have passed."""
        if self._pressed and self._pressed_at + PRESS <= self._began + GAP:
            return self._rests_until
        if self._dirty:
            return max(self._rests_until, self._began + GAP)
        return max(self._rests_until, self._began + self.view.every)

    async def join(self, slot: Slot) -> None:
        """Show the view to one more browser, from a snapshot on."""
        self.slots.add(slot)
        if self.picture is None:
            await self.refresh()
        self.renew(slot)

    def renew(self, slot: Slot) -> None:
        """Send a snapshot next; where nothing could be drawn so far, once it can be."""
        if self.picture is not None:
            slot.renew(self.snapshot)

    async def refresh(self) -> None:
        """Draw again and offer what changed; a failure is logged, and the old picture stays."""
        began = time.monotonic()
        if self._pressed and began < self._began + GAP:
            self._pressed_at = began
        self._began = began
        self._dirty = self._pressed = False
        told = self._told()
        drawn, computed = await database_sync_to_async(self._draw)()
        took = time.monotonic() - began
        self._rests_until = began + max(SHARE * computed, REST * took)
        if drawn is not None:
            self._show(drawn, told)

    def _draw(self) -> tuple[Picture | None, float]:
        """Return the picture, None if it failed, and the processor's seconds that it took."""
        began = time.thread_time()
        try:
            drawn = self.view.draw(now=timezone.now())
        except Exception:
            logger.exception("A live view could not be drawn: %s", self.view)
            drawn = None
        return drawn, time.thread_time() - began

    def _told(self) -> list[int]:
        told, self.news = sorted(self.news), set()
        return told

    def _show(self, drawn: Picture, told: list[int]) -> None:
        before, self.picture = self.picture, drawn
        if before is None:
            for slot in self.slots:
                self.renew(slot)
            return
        changes = drawn.since(before)
        if isinstance(self.view, AlertsView) and told:
            changes = {"incidents": told}
        if changes is None:
            return
        self.seq += 1
        frame = {**self._head("patch"), "base_seq": self.seq - 1, **changes}
        for slot in self.slots:
            slot.offer(frame, self.snapshot)

    def snapshot(self) -> dict[str, Any]:
        """Return the whole picture as it is."""
        return {**self._head("snapshot"), **(self.picture or Picture()).whole()}

    def _head(self, kind: str) -> dict[str, Any]:
        now = int(timezone.now().timestamp() * 1000)
        return {"kind": kind, "epoch": self.epoch, "seq": self.seq, "now": now}
