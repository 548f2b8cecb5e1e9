"""The web process: pages, API, OTLP/HTTP and live sockets."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slatrack.settings")

pages = get_asgi_application()  # loads the apps; what follows may import models

application = ProtocolTypeRouter({"http": pages})
