"""Where sockets lead: only pages of this installation may open one."""

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path

from dashboards.sockets import LiveSocket


class NoSocket(AsyncWebsocketConsumer):
    """Refuses: there is nothing at this address."""

    async def connect(self) -> None:
        """Close before accepting, which a browser sees as 403."""
        await self.close()


live_socket: Any = LiveSocket.as_asgi()  # Django's stubs know views only
no_socket: Any = NoSocket.as_asgi()

sockets: Any = AllowedHostsOriginValidator(
    AuthMiddlewareStack(
        URLRouter(
            [path("live/", live_socket), path("<path:elsewhere>", no_socket), path("", no_socket)]
        )
    )
)
