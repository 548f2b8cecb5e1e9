"""Just enough HTTP for the demo's services: routes, JSON bodies, errors that say what to do."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer = tuple[int, bytes, str]  # status, body, content type
Handler = Callable[[Scope, bytes], Awaitable[Answer]]

MAX_BODY = 1_000_000


class TooLargeError(ValueError):
    """A request body above the limit."""


def routed(routes: Mapping[tuple[str, str], Handler]) -> App:
    """Return an application that gives each (method, path) to its handler."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        handler = routes.get((scope["method"], scope["path"]))
        if handler is None:
            known = ", ".join(f"{method} {path}" for method, path in routes)
            await _send(send, answer(404, {"error": f"not found; there are: {known}"}))
            return
        try:
            body = await _body(receive)
        except TooLargeError as error:
            await _send(send, answer(413, {"error": str(error)}))
            return
        await _send(send, await handler(scope, body))

    return app


def traced(app: App, tracing: TracerProvider) -> App:
    """Return the application with the published ASGI instrumentation around it."""
    instrumented: App = OpenTelemetryMiddleware(  # type: ignore[assignment]  # mutable mappings
        app,
        tracer_provider=tracing,
        server_request_hook=_name_route,
        exclude_spans=["receive", "send"],
    )
    return instrumented


def answer(status: int, document: object) -> Answer:
    """Return a JSON answer."""
    return status, json.dumps(document).encode(), "application/json"


def _name_route(span: Span, scope: Scope) -> None:
    span.set_attribute("http.route", scope["path"])


async def _body(receive: Receive) -> bytes:
    body = b""
    more = True
    while more:
        part = await receive()
        body += part.get("body", b"")
        more = part.get("more_body", False)
        if len(body) > MAX_BODY:
            raise TooLargeError(f"the body is larger than {MAX_BODY} bytes: send less at once")
    return body


async def _send(send: Send, reply: Answer) -> None:
    status, body, content_type = reply
    headers = [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
