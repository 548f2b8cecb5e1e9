"""HTTP servers in a thread: uvicorn, at sockets that are taken already."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import uvicorn

Options = dict[str, Any]


class Site(NamedTuple):
    """An ASGI application and the socket it answers at."""

    app: Any
    at: socket.socket


def serve(
    sites: Sequence[Site],
    stop: threading.Event,
    *,
    beside: Callable[[asyncio.Event], Awaitable[None]] | None = None,
    **options: Any,
) -> None:
    """Serve all sites in one event loop until told to stop; `options` are uvicorn's.

    `beside` runs in the same loop, with an event that says when to end.
    """
    asyncio.run(_serve(sites, stop, beside, options))


async def _serve(
    sites: Sequence[Site],
    stop: threading.Event,
    beside: Callable[[asyncio.Event], Awaitable[None]] | None,
    options: Options,
) -> None:
    ended = asyncio.Event()
    servers = [_server(site.app, options) for site in sites]
    async with asyncio.TaskGroup() as tasks:
        for server, site in zip(servers, sites, strict=True):
            tasks.create_task(server.serve(sockets=[site.at]))
        if beside is not None:
            tasks.create_task(_await(beside(ended)))
        await asyncio.to_thread(stop.wait)
        ended.set()
        for server in servers:
            server.should_exit = True


def _server(app: Any, options: Options) -> uvicorn.Server:
    usual: Options = {
        "access_log": False,
        "lifespan": "off",
        "log_level": "warning",
        "timeout_graceful_shutdown": 1,
    }
    return uvicorn.Server(uvicorn.Config(app, **(usual | options)))


async def _await(work: Awaitable[None]) -> None:
    await work
