"""OTLP over gRPC: the TraceService and LogsService, with the same rules as over HTTP."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from operator import methodcaller
from typing import Any

import grpc
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from google.protobuf.message import Message

from consumers.grpc_line import Doorkeeper, Line, come_again
from consumers.http import RESPONSES
from consumers.intake import LOGS, SPANS, Received, Unavailable, take
from consumers.tokens import may_send
from slatrack.otlp.decoding import Undecodable

logger = logging.getLogger(__name__)

SERVICES = {
    SPANS: "opentelemetry.proto.collector.trace.v1.TraceService",
    LOGS: "opentelemetry.proto.collector.logs.v1.LogsService",
}
AT_ONCE = 8  # requests being recorded; each may hold a whole body in memory
IN_LINE = 32  # requests being recorded or waiting for that
STREAMS = 32  # requests of one connection; its client keeps the others back
GRACE = 5.0  # seconds for requests under way when it stops


class PortTakenError(Exception):
    """The port cannot be listened on."""


def run(stop: threading.Event, started: Callable[[int], None] = lambda port: None) -> None:
    """Receive until `stop` is set; `started` is called with the port once it listens."""
    server, port = _start(f"{settings.SLATRACK.host}:{settings.SLATRACK.grpc_port}")
    logger.info("OTLP/gRPC is received at %s:%s", settings.SLATRACK.host, port)
    started(port)
    try:
        stop.wait()
    finally:
        server.stop(GRACE).wait()


def _start(address: str) -> tuple[Any, int]:
    line = Line(AT_ONCE)
    server = grpc.server(
        line,
        interceptors=[Doorkeeper(line, IN_LINE)],
        options=[
            ("grpc.max_receive_message_length", settings.SLATRACK.ingest_max_bytes),
            ("grpc.max_concurrent_streams", STREAMS),
            ("grpc.so_reuseport", 0),
        ],
    )
    server.add_generic_rpc_handlers(tuple(_handler(holds) for holds in SERVICES))
    try:
        port = server.add_insecure_port(address)
    except RuntimeError:
        port = 0
    if not port:
        raise PortTakenError(f"{address} cannot be listened on; set SLATRACK_GRPC_PORT")
    server.start()
    return server, port


def _handler(holds: str) -> Any:
    export = grpc.unary_unary_rpc_method_handler(
        partial(_export, holds), response_serializer=methodcaller("SerializeToString")
    )
    return grpc.method_handlers_generic_handler(SERVICES[holds], {"Export": export})


def _export(holds: str, data: bytes, context: Any) -> Message:
    metadata = dict(context.invocation_metadata())
    if not may_send(str(metadata.get("authorization", "")), str(metadata.get(TOKEN, ""))):
        context.abort(grpc.StatusCode.UNAUTHENTICATED, f"send a token: authorization or {TOKEN}")
    close_old_connections()
    try:
        received = Received("grpc", data, "otlp_proto", holds=holds)
        return RESPONSES[holds](take(received, now=timezone.now()))
    except Undecodable as exc:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(exc))
    except Unavailable as exc:
        come_again(context, grpc.StatusCode.UNAVAILABLE, str(exc))
    finally:
        close_old_connections()
    raise AssertionError("abort always raises")


TOKEN = "x-slatrack-token"  # noqa: S105 - a header's name
