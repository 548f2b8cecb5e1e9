"""The demo's webhook receiver: keeps every call in the inbox and answers 204."""

import asyncio
import json
from datetime import UTC, datetime

from slatrack.demo import inbox
from slatrack.demo.web import Answer, App, Scope, routed

PATH = "/webhook"


def receiver() -> App:
    """Return the receiver's HTTP application."""
    return routed({("POST", PATH): _keep})


async def _keep(scope: Scope, body: bytes) -> Answer:
    headers = {
        name.decode("latin-1"): value.decode("latin-1", "replace")
        for name, value in scope["headers"]
    }
    message = inbox.Message(
        kind="webhook",
        received_at=datetime.now(UTC),
        sender=headers.get("user-agent", ""),
        subject=_kind(body),
        headers=headers,
        body=body.decode("utf-8", "replace"),
    )
    await asyncio.to_thread(inbox.keep, message)
    return 204, b"", "text/plain"


def _kind(body: bytes) -> str:
    """Return the type that a message says it is of, as Standard Webhooks have one."""
    try:
        document = json.loads(body)
    except ValueError:
        return "not JSON"
    return str(document.get("type", "")) if isinstance(document, dict) else ""
