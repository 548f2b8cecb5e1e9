"""OTLP over HTTP: `POST /v1/traces` and `/v1/logs`, protobuf and JSON, as OTLP specifies.

A sender that gets 200 may forget: what it sent is committed. 429 and 503 ask it to send again. No
fault of a sender's is ever a 5xx.
"""

import logging
from collections.abc import Callable
from threading import BoundedSemaphore
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from consumers.bodies import (
    BadCompressionError,
    TooLargeError,
    UnknownCompressionError,
    read_body,
)
from consumers.intake import LOGS, SPANS, Accepted, Received, Unavailable, take
from consumers.tokens import may_send
from slatrack.otlp.decoding import Undecodable

logger = logging.getLogger(__name__)

PROTOBUF, JSON = "application/x-protobuf", "application/json"
ENCODINGS = {PROTOBUF: "otlp_proto", JSON: "otlp_json"}
AT_ONCE = 8  # requests being recorded; each may hold a whole body in memory
PATIENCE = 5.0  # seconds that a request waits for its turn
RETRY_AFTER = "2"  # seconds

_turns = BoundedSemaphore(AT_ONCE)


@csrf_exempt
@login_not_required
def traces(request: HttpRequest) -> HttpResponse:
    """Take an ExportTraceServiceRequest."""
    return _received(request, SPANS)


@csrf_exempt
@login_not_required
def logs(request: HttpRequest) -> HttpResponse:
    """Take an ExportLogsServiceRequest."""
    return _received(request, LOGS)


def _received(request: HttpRequest, holds: str) -> HttpResponse:
    kind = (request.content_type or "").lower()
    if request.method != "POST":
        response = _refusal(kind, 405, code_pb2.UNIMPLEMENTED, "use POST")
        response["Allow"] = "POST"
        return response
    if not may_send(request.headers.get("Authorization", ""), request.headers.get(TOKEN, "")):
        return _refusal(kind, 401, code_pb2.UNAUTHENTICATED, f"send a token: Bearer or {TOKEN}")
    if kind not in ENCODINGS:
        return _refusal(
            kind, 415, code_pb2.INVALID_ARGUMENT, f"Content-Type must be {PROTOBUF} or {JSON}"
        )
    if not _turns.acquire(timeout=PATIENCE):
        return _later(kind, 429, "too many requests at once")
    try:
        return _taken(request, kind, holds)
    finally:
        _turns.release()


TOKEN = "X-Slatrack-Token"  # noqa: S105 - a header's name


def _taken(request: HttpRequest, kind: str, holds: str) -> HttpResponse:
    compression = request.headers.get("Content-Encoding", "")
    limit = settings.SLATRACK.ingest_max_bytes
    try:
        data = read_body(cast(Any, request), compression, limit=limit)
        received = Received("http", data, ENCODINGS[kind], holds=holds)
        return _reply(kind, 200, RESPONSES[holds](take(received, now=timezone.now())))
    except TooLargeError as exc:
        return _refusal(kind, 413, code_pb2.RESOURCE_EXHAUSTED, str(exc))
    except UnknownCompressionError as exc:
        return _refusal(kind, 415, code_pb2.INVALID_ARGUMENT, str(exc))
    except (BadCompressionError, Undecodable, UnreadablePostError) as exc:
        return _refusal(kind, 400, code_pb2.INVALID_ARGUMENT, str(exc))
    except Unavailable as exc:
        return _later(kind, 503, str(exc))


def spans_response(accepted: Accepted) -> ExportTraceServiceResponse:
    """Return OTLP's answer: silent where all is well, else with what was rejected and why."""
    response = ExportTraceServiceResponse()
    if accepted.rejected:
        response.partial_success.rejected_spans = accepted.rejected
        response.partial_success.error_message = accepted.message
    return response


def logs_response(accepted: Accepted) -> ExportLogsServiceResponse:
    """Return the same for log records."""
    response = ExportLogsServiceResponse()
    if accepted.rejected:
        response.partial_success.rejected_log_records = accepted.rejected
        response.partial_success.error_message = accepted.message
    return response


RESPONSES: dict[str, Callable[[Accepted], Message]] = {SPANS: spans_response, LOGS: logs_response}


def _refusal(kind: str, status: int, code: int, message: str) -> HttpResponse:
    return _reply(kind, status, Status(code=code, message=message))


def _later(kind: str, status: int, message: str) -> HttpResponse:
    response = _refusal(kind, status, code_pb2.UNAVAILABLE, message)
    response["Retry-After"] = RETRY_AFTER
    return response


def _reply(kind: str, status: int, message: Message) -> HttpResponse:
    if kind == PROTOBUF:
        return HttpResponse(message.SerializeToString(), content_type=PROTOBUF, status=status)
    return HttpResponse(MessageToJson(message, indent=None), content_type=JSON, status=status)
