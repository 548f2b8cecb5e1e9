"""OTLP over gRPC: the TraceService, with the same rules as over HTTP."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from consumers.http import response_to
from consumers.intake import Received, Unavailable, take
from consumers.tokens import may_send
from slatrack.otlp.decoding import Undecodable

logger = logging.getLogger(__name__)

SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"
AT_ONCE = 8  # requests being recorded
GRACE = 5.0  # seconds for requests under way when it stops


class PortTakenError(Exception):
    """The port cannot be listened on."""


def run(stop: threading.Event, started: Callable[[int], None] = lambda port: None) -> None:
    """Receive spans until `stop` is set; `started` is called with the port once it listens."""
    server, port = _start(f"{settings.SLATRACK.host}:{settings.SLATRACK.grpc_port}")
    logger.info("OTLP/gRPC is received at %s:%s", settings.SLATRACK.host, port)
    started(port)
    try:
        stop.wait()
    finally:
        server.stop(GRACE).wait()


def _start(address: str) -> tuple[Any, int]:
    server = grpc.server(
        ThreadPoolExecutor(AT_ONCE, thread_name_prefix="otlp-grpc"),
        options=[
            ("grpc.max_receive_message_length", settings.SLATRACK.ingest_max_bytes),
            ("grpc.so_reuseport", 0),
        ],
    )
    handler = grpc.unary_unary_rpc_method_handler(
        _export, response_serializer=ExportTraceServiceResponse.SerializeToString
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {"Export": handler}),)
    )
    try:
        port = server.add_insecure_port(address)
    except RuntimeError:
        port = 0
    if not port:
        raise PortTakenError(f"{address} cannot be listened on; set SLATRACK_GRPC_PORT")
    server.start()
    return server, port


def _export(data: bytes, context: Any) -> ExportTraceServiceResponse:
    metadata = dict(context.invocation_metadata())
    if not may_send(str(metadata.get("authorization", "")), str(metadata.get(TOKEN, ""))):
        context.abort(grpc.StatusCode.UNAUTHENTICATED, f"send a token: authorization or {TOKEN}")
    close_old_connections()
    try:
        return response_to(take(Received("grpc", data, "otlp_proto"), now=timezone.now()))
    except Undecodable as exc:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(exc))
    except Unavailable as exc:
        context.abort(grpc.StatusCode.UNAVAILABLE, str(exc))
    finally:
        close_old_connections()
    raise AssertionError("abort always raises")


TOKEN = "x-slatrack-token"  # noqa: S105 - a header's name
