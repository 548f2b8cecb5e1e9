"""The line of gRPC requests: how many may wait, and how the others are sent away.

OTLP senders send again after RESOURCE_EXHAUSTED only if RetryInfo says when; gRPC's own refusals
(`maximum_concurrent_rpcs`) do not say it, so they would lose spans.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, NoReturn

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

RETRY_AFTER = 2  # seconds
DETAILS = "grpc-status-details-bin"
PORTERS = 2  # threads that send requests away


class Line(ThreadPoolExecutor):
    """A pool of threads that knows how many requests it works on or keeps waiting."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads, thread_name_prefix="otlp-grpc")
        self._lock = Lock()
        self.length = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Work on it once a thread is free."""
        self._grow(1)
        try:
            done = super().submit(fn, *args, **kwargs)
        except BaseException:
            self._grow(-1)
            raise
        done.add_done_callback(lambda _: self._grow(-1))
        return done

    def _grow(self, by: int) -> None:
        with self._lock:
            self.length += by


class Doorkeeper(grpc.ServerInterceptor):  # type: ignore[misc]
    """Sends requests away, with word when to come again, while the line is `most` long."""

    def __init__(self, line: Line, most: int) -> None:
        self._line, self._most = line, most
        _refused.experimental_thread_pool = ThreadPoolExecutor(  # type: ignore[attr-defined]
            PORTERS, thread_name_prefix="otlp-grpc-refusing"
        )

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Return the handler of a request."""
        if self._line.length >= self._most:
            return grpc.unary_unary_rpc_method_handler(_refused)
        return continuation(handler_call_details)


def _refused(data: bytes, context: Any) -> NoReturn:
    come_again(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too many requests at once")


def come_again(context: Any, code: Any, message: str) -> NoReturn:
    """Refuse a request for now, with RetryInfo."""
    status = Status(code=code.value[0], message=message)
    status.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=RETRY_AFTER)))
    context.set_trailing_metadata(((DETAILS, status.SerializeToString()),))
    context.abort(code, message)
    raise AssertionError("abort always raises")
