"""Where spans are sent over HTTP."""

from django.urls import path

from consumers.http import traces

urlpatterns = [path("v1/traces", traces, name="otlp-traces")]
