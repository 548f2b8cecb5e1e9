"""Who calls the API and what they may do: a bearer token, or the session of a browser."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer, SessionAuth

from dashboards.models import ApiToken, Scope


class TokenAuth(HttpBearer):
    """`Authorization: Bearer slt_…`: acts as the token's user, within the token's scope."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        found = ApiToken.find(token, now=timezone.now())
        if found is not None:
            request.user = found.user
        return found


AUTH = [TokenAuth(), SessionAuth(csrf=True)]  # a token first: it needs no CSRF proof


def needs(permission: str, scope: Scope = Scope.READ) -> Callable[[Any], Any]:
    """Let an operation run only for callers with `permission` whose token, if any, has `scope`."""

    def decorate(operation: Any) -> Any:
        @wraps(operation)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            check(request, permission, scope)
            return operation(request, *args, **kwargs)

        return guarded

    return decorate


def check(request: HttpRequest, permission: str, scope: Scope) -> None:
    """PermissionDenied unless the caller may; says which permission or scope is missing."""
    token = getattr(request, "auth", None)
    if isinstance(token, ApiToken) and not Scope(token.scope).allows(scope):
        raise PermissionDenied(f"this token may only {token.scope}; `{scope.value}` is needed")
    if not request.user.has_perm(permission):
        raise PermissionDenied(f"permission {permission} is needed: ask an administrator")


def caller(request: HttpRequest) -> AbstractBaseUser:
    """Return who calls; `check` has let them through, so it is somebody."""
    if isinstance(request.user, AnonymousUser):
        raise PermissionDenied
    return request.user
