"""The web server inside this process: pages, sockets, API and OTLP over HTTP."""

import asyncio
import socket
import threading
from typing import Any

from slatrack import live
from slatrack.embedded.servers import Site, serve


def run(application: Any, at: socket.socket, stop: threading.Event) -> None:
    """Serve slatrack's ASGI application at this socket until told to stop."""
    serve([Site(application, at)], stop, beside=_attach)


async def _attach(ended: asyncio.Event) -> None:
    """Let news of the other threads reach open browsers by way of this loop."""
    live.attach(asyncio.get_running_loop())
