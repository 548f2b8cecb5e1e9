"""Whether a socket's person may still see what it shows: asked afresh, never remembered."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

store = import_module(settings.SESSION_ENGINE).SessionStore


async def person(scope: Mapping[str, Any]) -> AbstractBaseUser | AnonymousUser:
    """Return whose session it is now: nobody once it ended or the account was closed."""
    key = scope["session"].session_key if scope.get("session") else None
    if key is None:
        return AnonymousUser()
    fresh: Any = {"session": store(session_key=key)}
    user: AbstractBaseUser | AnonymousUser = await get_user(fresh)
    return user if user.is_active else AnonymousUser()


async def may(user: Any, permission: str) -> bool:
    """Whether `user`, just read, has a permission."""
    return bool(await database_sync_to_async(user.has_perm)(permission))
