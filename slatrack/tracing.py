"""slatrack's own traces: of pages and API calls, to another backend, never to slatrack itself.

The way in is not traced on purpose. A span about taking in spans could come back, through a
collector, as a span to take in: each would make another.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from slatrack.environment import Environment

NOT_TRACED = "v1/traces,healthz,readyz,metrics"


def traced(app: Any, given: Environment) -> Any:
    """Return the ASGI app, traced when SLATRACK_TRACES_ENDPOINT names a backend."""
    if not given.traces_endpoint or leads_back(given.traces_endpoint, given):
        return app
    return OpenTelemetryMiddleware(
        app,
        excluded_urls=NOT_TRACED,
        exclude_spans=["receive", "send"],
        tracer_provider=provider(given),
    )


def provider(given: Environment) -> TracerProvider:
    """Return a provider that sends sampled spans to the endpoint in the background."""
    resource = Resource.create(
        {
            "service.name": "slatrack",
            "deployment.environment.name": given.environment_name or "default",
        }
    )
    sampler = ParentBased(TraceIdRatioBased(given.traces_ratio))
    made = TracerProvider(resource=resource, sampler=sampler)
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=given.traces_endpoint)))
    trace.set_tracer_provider(made)
    return made


def leads_back(endpoint: str, given: Environment) -> bool:
    """Whether the endpoint is an OTLP address of this installation."""
    url = urlsplit(endpoint)
    port = url.port or (443 if url.scheme == "https" else 80)
    public = urlsplit(given.public_url)
    public_port = public.port or (443 if public.scheme == "https" else 80)
    if public.hostname and (url.hostname, port) == (public.hostname, public_port):
        return True
    here = _is_loopback(url.hostname or "") or url.hostname in {given.host, *given.hosts}
    return here and port in {given.http_port, given.grpc_port}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
