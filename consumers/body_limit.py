"""A limit on request bodies while they arrive: Django would first write all of one to disk."""

from typing import Any

from django.conf import settings
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status

PATHS = ("/v1/traces", "/v1/logs")


class BodyTooLargeError(Exception):
    """More has arrived than is accepted."""


class BodyLimit:
    """An ASGI application around another that ends OTLP requests once they are too large."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") not in PATHS:
            await self.inner(scope, receive, send)
            return
        limit, arrived = settings.SLATRACK.ingest_max_bytes, 0

        async def counted() -> Any:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > limit:
                raise BodyTooLargeError
            return message

        try:
            await self.inner(scope, counted, send)
        except BodyTooLargeError:
            await _refuse(send, f"more than {limit:,} B")


async def _refuse(send: Any, message: str) -> None:
    body = Status(code=code_pb2.RESOURCE_EXHAUSTED, message=message).SerializeToString()
    headers = [(b"content-type", b"application/x-protobuf"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
