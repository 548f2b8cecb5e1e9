"""slatrack's own OTLP/HTTP receiver, served in this process on the test database."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.asgi import get_asgi_application

from slatrack.embedded.servers import Site, serve

from .process import LOOPBACK


@contextmanager
def receiving() -> Iterator[str]:
    """Yield the address to send spans to."""
    at = socket.create_server((LOOPBACK, 0))
    stop = threading.Event()
    server = threading.Thread(target=serve, args=([Site(get_asgi_application(), at)], stop))
    server.start()
    try:
        yield f"http://{LOOPBACK}:{at.getsockname()[1]}"
    finally:
        stop.set()
        server.join(20)
