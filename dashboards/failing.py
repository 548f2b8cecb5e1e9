"""What is answered where a request fails: a database that does not answer is said as that."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from dashboards.api.problems import problem

SOON = 5  # seconds
AWAY = f"the database does not answer: try again in {SOON} seconds"
FAILED = "slatrack failed; its log names the cause"


def failed(request: HttpRequest) -> HttpResponse:
    """Answer for the error that is being handled, which Django logs: a page, or problem details.

    503 with Retry-After where the database is away or too busy, else 500.
    """
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = 503 if away else 500
    if request.path.startswith("/api/"):
        response = problem(status, AWAY if away else FAILED)
    else:
        response = HttpResponse(render_to_string(f"{status}.html"), status=status)
    if away:
        response["Retry-After"] = str(SOON)
    return response
