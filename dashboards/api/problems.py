"""Errors of the API as problem details (RFC 9457): what was wrong and what to do."""

import json
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from dashboards.paging import BadCursor


class Refused(Exception):
    """The request cannot be carried out; `problems` may name each place."""

    def __init__(
        self, status: int, detail: str, problems: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.problems = status, detail, problems or []


def problem(status: int, detail: str, problems: list[dict[str, Any]] | None = None) -> HttpResponse:
    """Return a problem+json answer."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if problems:
        body["problems"] = problems
    return HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")


def answer_with_problems(api: NinjaAPI) -> None:
    """Make `api` answer every error it foresees with problem details."""
    for kind, handler in HANDLERS.items():
        api.add_exception_handler(kind, handler)


def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    return problem(error.status, error.detail, error.problems)


def _bad_cursor(request: HttpRequest, error: BadCursor) -> HttpResponse:
    return problem(400, str(error))


def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, str(error))


def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problem(403, str(error) or "your account may not do this: ask an administrator")


def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    answer = problem(
        401,
        "sign in, or send `Authorization: Bearer TOKEN` (`manage.py make_token USER` makes one)",
    )
    answer["WWW-Authenticate"] = 'Bearer realm="slatrack"'
    return answer


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, str(error))


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    problems = [
        {"path": [str(part) for part in one["loc"]], "reason": one["msg"]} for one in error.errors
    ]
    where = "; ".join(f"{'.'.join(p['path'][1:])}: {p['reason']}" for p in problems)
    return problem(422, f"the request is not as expected: {where}", problems)


HANDLERS: dict[type[Exception], Any] = {
    Refused: _refused,
    BadCursor: _bad_cursor,
    Http404: _not_found,
    PermissionDenied: _denied,
    AuthenticationError: _unauthenticated,
    HttpError: _http_error,
    ValidationError: _invalid,
}
