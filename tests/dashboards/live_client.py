"""An open browser, as far as the live socket can tell."""

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator
from django.test import Client

from dashboards.routing import sockets

PATIENCE = 10.0  # seconds; every wait ends as soon as what it waits for is there


def cookie(client: Client) -> str:
    """Return what the browser `client` sends to be known again."""
    return f"sessionid={client.cookies['sessionid'].value}"


class LiveClient:
    """One socket, by the way that pages' sockets come in, with a session cookie or none."""

    def __init__(self, cookie: str = "", *, origin: str = "http://localhost", path: str = "/live/"):
        headers = [(b"cookie", cookie.encode()), (b"origin", origin.encode())]
        scope = {
            "type": "websocket", "path": path, "query_string": b"", "headers": headers,
            "subprotocols": [],
        }  # fmt: skip
        self.socket = ApplicationCommunicator(sockets, scope)

    async def connect(self) -> bool:
        """Return whether the server let it in."""
        await self.socket.send_input({"type": "websocket.connect"})
        answer = await self.socket.receive_output(PATIENCE)
        return bool(answer["type"] == "websocket.accept")

    async def say(self, **message: Any) -> None:
        await self.socket.send_input({"type": "websocket.receive", "text": json.dumps(message)})

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """Return the next message of one of `kinds`; what comes before is skipped."""
        while True:
            answer = await self.socket.receive_output(PATIENCE)
            if answer["type"] == "websocket.close":
                raise ConnectionError(answer.get("code"))
            message: dict[str, Any] = json.loads(answer["text"])
            if message["kind"] in kinds:
                return message

    async def closed(self) -> int:
        """Wait until the server closed, and return its code."""
        while True:
            answer = await self.socket.receive_output(PATIENCE)
            if answer["type"] == "websocket.close":
                return int(answer["code"])

    async def leave(self) -> None:
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.socket.wait(PATIENCE)
