"""Calls to ASGI applications without a server."""

import json
from typing import Any

from slatrack.demo.web import App


async def call(app: App, method: str, path: str, body: Any) -> tuple[int, Any]:
    """Return status and JSON (or bytes) of the answer to one request."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(b"user-agent", b"slatrack/1")],
    }
    await app(scope, receive, send)
    answer = sent[1]["body"]
    kind = dict(sent[0]["headers"])[b"content-type"]
    return sent[0]["status"], json.loads(answer) if kind == b"application/json" else answer
