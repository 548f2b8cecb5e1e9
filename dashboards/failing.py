"""What is answered where a request fails: whether the database does not answer, or what is lost."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from dashboards.api.problems import problem
from slatrack.otlp.frames import UnknownDictionaryError
from slatrack.tracking.kept_deadlines import UnknownTermsError

SOON = 5  # seconds
AWAY = f"the database does not answer: try again in {SOON} seconds"
FAILED = "slatrack failed; its log names the cause"
LOST = UnknownDictionaryError | UnknownTermsError
BACK = "it can be read again once that row is back from a copy of the database"


def failed(request: HttpRequest) -> HttpResponse:
    """Answer for the error that is being handled, which Django logs: a page, or problem details.

    503 with Retry-After where the database is away or too busy, else 500. Rows that can only be
    read with another, which is lost, name that.
    """
    error = sys.exc_info()[1]
    away = isinstance(error, OperationalError | InterfaceError)
    lost = f"{error}; {BACK}" if isinstance(error, LOST) else ""
    status = 503 if away else 500
    if request.path.startswith("/api/"):
        response = problem(status, AWAY if away else lost or FAILED)
    else:
        response = HttpResponse(render_to_string(f"{status}.html", {"lost": lost}), status=status)
    if away:
        response["Retry-After"] = str(SOON)
    return response
