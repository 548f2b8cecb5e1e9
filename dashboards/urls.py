"""The addresses of pages."""

from django.urls import URLPattern, URLResolver, include, path

from dashboards.api import root as api
from dashboards.views import accounts, board, journey, logs, search

urlpatterns: list[URLPattern | URLResolver] = [
    path("", board.board, name="board"),
    path("flows/<slug:flow>/journeys/<path:key>", journey.journey, name="journey"),
    path("flows/<slug:flow>/logs/<path:key>", logs.logs, name="journey-logs"),
    path("", include("dashboards.urls_work")),
    path("api/", api.urls),
    path("search", search.search, name="search"),
    path("accounts/sign-in", accounts.SignIn.as_view(), name="sign-in"),
    path("accounts/sign-out", accounts.SignOut.as_view(), name="sign-out"),
    path("favicon.svg", accounts.favicon, name="favicon"),
]
