"""Limits on OTLP requests while they arrive: Django would first write all of one to disk.

A request that is too large ends with 413. Where too many are under way, or too much of them has
arrived and is not recorded yet, more get 429 at once, before their bodies are read.
"""

from typing import Any

from django.conf import settings
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status

PATHS = ("/v1/traces", "/v1/logs")
MOST = 64  # requests under way: being recorded, waiting for that, or still arriving
BODIES = 4  # of the largest size allowed, whose bytes may be held in all
RETRY_AFTER = "2"  # seconds


class Refused(Exception):
    """No more of this request is read: `status` and `message` say why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class BodyLimit:
    """An ASGI application around another that bounds what OTLP requests can make it hold."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self._under_way = self._held = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") not in PATHS:
            await self.inner(scope, receive, send)
            return
        if self._under_way >= MOST:
            await _refuse(send, 429, f"{MOST} requests are under way: send again later")
            return
        self._under_way += 1
        try:
            await self._counted(scope, receive, send)
        finally:
            self._under_way -= 1

    async def _counted(self, scope: Any, receive: Any, send: Any) -> None:
        limit, arrived = settings.SLATRACK.ingest_max_bytes, 0

        async def counted() -> Any:
            nonlocal arrived
            message = await receive()
            size = len(message.get("body", b""))
            arrived += size
            self._held += size
            if arrived > limit:
                raise Refused(413, f"more than {limit:,} B")
            if self._held > BODIES * limit:
                raise Refused(429, f"{self._held:,} B wait to be recorded: send again later")
            return message

        try:
            await self.inner(scope, counted, send)
        except Refused as exc:
            await _refuse(send, exc.status, str(exc))
        finally:
            self._held -= arrived


async def _refuse(send: Any, status: int, message: str) -> None:
    code = code_pb2.UNAVAILABLE if status == 429 else code_pb2.RESOURCE_EXHAUSTED
    body = Status(code=code, message=message).SerializeToString()
    headers = [(b"content-type", b"application/x-protobuf"), (b"connection", b"close")]
    if status == 429:
        headers.append((b"retry-after", RETRY_AFTER.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
