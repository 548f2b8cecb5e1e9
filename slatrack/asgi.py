"""The web process: pages, API, OTLP/HTTP and live sockets."""

import os

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

from consumers.body_limit import BodyLimit
from slatrack.operations.starting import refuse_unworkable
from slatrack.tracing import traced

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slatrack.settings")

pages = get_asgi_application()  # loads the apps; what follows may import models
refuse_unworkable()

from dashboards.routing import sockets  # noqa: E402 (needs the apps)

application = ProtocolTypeRouter(
    {"http": traced(BodyLimit(pages), settings.SLATRACK), "websocket": sockets}
)
