"""Where each address leads."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("slatrack.operations.urls")),
    path("", include("consumers.urls")),
    path("", include("dashboards.urls")),
]
if settings.SLATRACK.demo:
    urlpatterns.append(path("", include("slatrack.demo.urls")))

handler500 = "dashboards.failing.failed"
