"""slatrack's own traces go to another backend, and never make work for slatrack itself."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.util._once import Once

from slatrack import tracing
from slatrack.environment import Environment


async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_nothing_is_traced_unless_asked_for():
    assert tracing.traced(answer, Environment()) is answer


def test_a_loop_is_not_even_started():
    given = Environment(traces_endpoint="http://localhost:8000/v1/traces")
    assert tracing.traced(answer, given) is answer


@pytest.fixture
def backend():
    """An OTLP/HTTP backend that keeps the names of spans it is sent."""
    names = []

    class Backend(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                names.extend(s.name for scope in resource.scope_spans for s in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Backend) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", names
        server.shutdown()


async def test_pages_are_traced_and_the_way_in_is_not(backend, monkeypatch):
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())
    endpoint, names = backend
    app = tracing.traced(answer, Environment(traces_endpoint=endpoint, traces_ratio=1))

    for path in ("/v1/traces", "/metrics", "/search"):
        await call(app, path)
    trace.get_tracer_provider().shutdown()

    assert names == ["GET /search"] or names == ["GET"]


async def call(app, path):
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "scheme": "http",
        "server": ("localhost", 8000),
        "headers": [],
        "query_string": b"",
    }

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        pass

    await app(scope, receive, send)
