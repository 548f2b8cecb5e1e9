"""Where spans and log records are sent over HTTP."""

from django.urls import path

from consumers.http import logs, traces

urlpatterns = [
    path("v1/traces", traces, name="otlp-traces"),
    path("v1/logs", logs, name="otlp-logs"),
]
