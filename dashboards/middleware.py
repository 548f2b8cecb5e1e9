"""What holds for every request: static files, text that can be kept, the person's time zone."""

import zoneinfo
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

NUL = "\x00"
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
REFUSED = "Text with a NUL character (U+0000) cannot be looked up or kept. Send it without."


class StaticMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise for ASGI, which would gather a file's pieces anyway: each is sent in one."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        response = HttpResponse(status=int(found.status))
        if found.file is not None:
            with found.file:
                response.content = found.file.read()
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response


class NulMiddleware:
    """Refuse requests with a NUL in their text: PostgreSQL has no such text, and says so late.

    Telemetry comes in elsewhere and is cleaned instead (slatrack.otlp).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/v1/") and any(NUL in text for text in _texts(request)):
            return HttpResponseBadRequest(REFUSED, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


def _texts(request: HttpRequest) -> Iterator[str]:
    yield request.path
    yield from request.COOKIES.values()
    for name, values in request.GET.lists():
        yield from (name, *values)
    if request.content_type in FORMS:
        for name, values in request.POST.lists():
            yield from (name, *values)
    elif request.path.startswith("/api/") and b"\\u0000" in request.body:
        yield NUL


class ZoneMiddleware:
    """Show times in the zone that the cookie `zone` names; UTC where it names none that exists."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(zone_of(request.COOKIES.get("zone", ""))):
            return self.get_response(request)


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """Return the zone called `name`, percent-encoded or not; UTC if there is no such zone."""
    try:
        return zoneinfo.ZoneInfo(unquote(name) or "UTC")
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return zoneinfo.ZoneInfo("UTC")
