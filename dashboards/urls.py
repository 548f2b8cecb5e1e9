"""The addresses of pages."""

from django.urls import URLPattern, URLResolver, path

from dashboards.views import accounts, board, search

urlpatterns: list[URLPattern | URLResolver] = [
    path("", board.board, name="board"),
    path("search", search.search, name="search"),
    path("accounts/sign-in", accounts.SignIn.as_view(), name="sign-in"),
    path("accounts/sign-out", accounts.SignOut.as_view(), name="sign-out"),
    path("favicon.svg", accounts.favicon, name="favicon"),
]
