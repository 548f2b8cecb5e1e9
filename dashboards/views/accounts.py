"""Signing in and out, and the little icon that counts open alerts."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

MOST = 99

RING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke-width="4" '
    'stroke-linecap="round"><path d="M16 4A12 12 0 1 1 5.600 10" stroke="#4661d8"/>'
    '<path d="M16 4A12 12 0 0 1 27.600 13" stroke="#c8860d"/>{}</svg>'
)
DOT = (
    '<circle cx="20" cy="20" r="12" fill="#9f1239"/><text x="20" y="26" fill="#fff" '
    'font-family="sans-serif" font-size="16" font-weight="700" text-anchor="middle">{}</text>'
)


class SignIn(LoginView):
    """The sign-in page; somebody who is signed in already goes straight on."""

    template_name = "registration/sign_in.html"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """Sign out, by POST only."""


@login_not_required
@require_GET
@cache_control(max_age=86400, public=True)
def favicon(request: HttpRequest) -> HttpResponse:
    """Return the icon; `?n=` puts a number on it."""
    asked = request.GET.get("n", "")
    count = min(int(asked), MOST) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
    return HttpResponse(RING.format(DOT.format(count) if count else ""), "image/svg+xml")
