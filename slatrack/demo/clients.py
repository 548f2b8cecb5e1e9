"""HTTP as the demo's services call it: one pooled client each, with CLIENT spans."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import urllib3
from opentelemetry import propagate
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer


class CallFailedError(Exception):
    """The other side did not answer, or answered that it failed."""


class TracedClient:
    """Sends JSON to one server and carries the trace context along."""

    def __init__(self, base: str, tracer: Tracer, *, timeout: float = 10) -> None:
        self._base = base
        self._host = urlsplit(base).hostname or ""
        self._port = urlsplit(base).port or 80
        self._tracer = tracer
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(total=timeout), retries=False)

    def call(self, method: str, path: str, document: object) -> Mapping[str, Any]:
        """Return the answer's JSON; CallFailedError where there is none, or a status above 399."""
        with self._tracer.start_as_current_span(
            method, kind=SpanKind.CLIENT, attributes=self._attributes(method, path)
        ) as span:
            response = self._request(method, path, document)
            span.set_attribute("http.response.status_code", response.status)
            if response.status >= 400:
                span.set_status(Status(StatusCode.ERROR))
                raise CallFailedError(f"{method} {path}: {response.status} {response.data!r:.200}")
            answer: Mapping[str, Any] = response.json()
            return answer

    def _request(self, method: str, path: str, document: object) -> urllib3.BaseHTTPResponse:
        headers = {"content-type": "application/json"}
        propagate.inject(headers)
        body = json.dumps(document).encode()
        try:
            return self._pool.request(method, self._base + path, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise CallFailedError(f"{method} {path}: {error}") from error

    def _attributes(self, method: str, path: str) -> dict[str, str | int]:
        return {
            "http.request.method": method,
            "url.full": self._base + path,
            "server.address": self._host,
            "server.port": self._port,
        }
