"""What the way out keeps of its own: tokens for programs."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models

PREFIX = "slt_"
USED_EVERY = timedelta(minutes=1)  # how exactly `last_used_at` is kept


class Scope(models.TextChoices):
    """What a token may do at most; its user's permissions limit it further."""

    READ = "read"
    ACT = "act"
    WRITE = "write"

    def allows(self, needed: "Scope") -> bool:
        """Whether this scope includes `needed`: write includes act, act includes read."""
        order = list(Scope)
        return order.index(self) >= order.index(needed)


class ApiToken(models.Model):
    """A secret that lets a program use the API as a user. Only its digest is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    scope = models.CharField(max_length=5, choices=Scope.choices)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user} {self.scope} {self.name}".strip()

    @classmethod
    def issue(
        cls,
        user: Any,
        scope: Scope,
        *,
        now: datetime,
        name: str = "",
        expires_at: datetime | None = None,
    ) -> str:
        """Make a token and return its secret, which cannot be read again."""
        secret = PREFIX + secrets.token_urlsafe(32)
        cls.objects.create(
            user=user,
            name=name,
            scope=scope,
            digest=digest(secret),
            created_at=now,
            expires_at=expires_at,
        )
        return secret

    @classmethod
    def find(cls, secret: str, *, now: datetime) -> "ApiToken | None":
        """Return the token with this secret if it may be used now, and note its use."""
        token = cls.objects.select_related("user").filter(digest=digest(secret)).first()
        if token is None or not token.user.is_active:
            return None
        if token.expires_at is not None and token.expires_at <= now:
            return None
        if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
            cls.objects.filter(pk=token.pk).update(last_used_at=now)
        return token


def digest(secret: str) -> str:
    """Return what is stored of a secret; it is long and random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
