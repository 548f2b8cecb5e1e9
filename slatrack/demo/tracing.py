"""Tracing as a service sets it up: the OpenTelemetry SDK, a batch processor, OTLP over HTTP."""

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

SCHEDULE_MS = 300


def provider(service: str, collector: str) -> TracerProvider:
    """Return the tracer provider of one service; `collector` is the URL of its OTLP/HTTP door."""
    tracing = TracerProvider(resource=resource(service), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{collector}/v1/traces", timeout=2)
    tracing.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=SCHEDULE_MS))
    return tracing


def resource(service: str) -> Resource:
    """Return what a service says of itself."""
    return Resource.create(
        {
            "service.name": service,
            "service.namespace": "demo",
            "service.version": "1.0",
            "deployment.environment.name": "demo",
        }
    )
