"""Where each address leads."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("slatrack.operations.urls")),
    path("", include("dashboards.urls")),
]
