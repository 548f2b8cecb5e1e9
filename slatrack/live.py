"""The one door to open browsers: what changed, told after the commit.

Whoever writes journeys or incidents calls `announce` or `announce_alerts` once a batch, inside its
transaction or outside of one. Only ids travel: browsers' views read the rows afresh, so news that
comes late, twice or not at all can never show an old state for long. Nothing here raises into the
writer or waits for anybody.

News from any thread hops onto an event loop: the web server's own where one is attached, otherwise
(a consumer, watcher or worker process with Redis between) one that a thread of this process runs.
With the in-memory layer and no web server in this process nobody could listen, and news is dropped.
"""

import asyncio
import logging
import os
import time
from collections.abc import Iterable, Sequence
from functools import partial
from threading import Lock, Thread
from typing import Any
from uuid import UUID

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)

GROUP = "live"
MANY = 500  # ids beyond this are not listed: then every view looks again
COALESCE = 0.05  # seconds between messages, in which news is gathered


def announce(journey_ids: Sequence[UUID], *, pressing: bool = False) -> None:
    """Tell open browsers which journeys changed, once that is committed.

    `pressing`: an instant has passed, and people wait to hear of it; views draw it sooner.
    """
    if journey_ids:
        note = partial(_post.note, "journeys", list(journey_ids), pressing=pressing)
        transaction.on_commit(note, robust=True)


def announce_alerts(incident_ids: Sequence[int]) -> None:
    """Tell open browsers which incidents changed, once that is committed."""
    if incident_ids:
        transaction.on_commit(partial(_post.note, "incidents", list(incident_ids)), robust=True)


def attach(loop: asyncio.AbstractEventLoop) -> None:
    """Send news of this process through `loop`, the web server's, from now on."""
    _post.attach(loop)


def get_ready() -> None:
    """Load what telling takes, which is most of half a second, before there is any news."""
    get_channel_layer()


class _Post:
    """Gathers news of all threads and sends it, at most one message each COALESCE seconds."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._forget()

    def _forget(self) -> None:
        """Start anew: also after a fork, whose child has none of its parent's threads."""
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: dict[str, set[Any]] = {"journeys": set(), "incidents": set()}
        self._pressing = False
        self._sending: asyncio.Task[None] | None = None
        self._waiting = False
        self._sent_at = 0.0  # by the monotonic clock

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            if loop is not self._loop:
                self._loop, self._waiting = loop, False

    def note(self, kind: str, ids: Iterable[Any], *, pressing: bool = False) -> None:
        """Add news; wake the loop unless it is awake already."""
        with self._lock:
            loop = self._open_loop()
            if loop is None:
                return
            self._news[kind].update(ids)
            self._pressing |= pressing
            if self._waiting:
                return
            self._waiting = True
            try:
                loop.call_soon_threadsafe(self._begin)
            except RuntimeError:  # it was closed between the look and the call
                self._waiting, self._loop = False, None

    def _open_loop(self) -> asyncio.AbstractEventLoop | None:
        if self._loop is not None and not self._loop.is_closed():
            return self._loop
        self._waiting, self._loop = False, None
        if isinstance(get_channel_layer(), InMemoryChannelLayer):
            return None
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, name="live", daemon=True).start()
        return self._loop

    def _begin(self) -> None:
        self._sending = asyncio.get_running_loop().create_task(self._send())

    async def _send(self) -> None:
        await asyncio.sleep(self._sent_at + COALESCE - time.monotonic())
        self._sent_at = time.monotonic()
        with self._lock:
            news, self._waiting = self._news, False
            self._news = {"journeys": set(), "incidents": set()}
            pressing, self._pressing = self._pressing, False
        told = {kind: _listed(ids) for kind, ids in news.items()}
        message = {"type": "changed", **told, "pressing": pressing}
        layer = get_channel_layer()
        if layer is None:
            return
        try:
            await layer.group_send(GROUP, message)
        except Exception:
            # Views look again by themselves every few seconds: the news is late, not lost.
            logger.exception("Open pages were not told of changes; they will look by themselves")


def _listed(ids: set[Any]) -> list[Any] | None:
    if len(ids) > MANY:
        return None
    return sorted(str(one) if isinstance(one, UUID) else one for one in ids)


_post = _Post()
os.register_at_fork(after_in_child=_post._forget)
