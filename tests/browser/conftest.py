"""A served slatrack in this process, and pages of a real browser in which somebody is signed in."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from dashboards import board_picture, flow_map_picture
from dashboards.routing import sockets
from slatrack.embedded.servers import Site, serve
from tests.dashboards.signed_in import client


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """Address of a server of pages and sockets that uses the test database."""
    at = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    served = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": sockets})
    server = threading.Thread(target=serve, args=([Site(served, at)], stop))
    board_picture.forget()
    flow_map_picture.forget()
    server.start()
    try:
        yield f"http://localhost:{at.getsockname()[1]}"
    finally:
        stop.set()
        server.join(20)


@pytest.fixture
def page(browser: Any, site: str) -> Iterator[Any]:
    """A page on which a viewer is signed in; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    context = browser.new_context(base_url=site, locale="en-GB", timezone_id="Europe/London")
    key = client("viewer").cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": site}])
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    opened.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
    yield opened
    context.close()
    assert complaints == []
