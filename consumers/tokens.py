"""Tokens: who may send spans. Senders are programs, so there is no sign-in."""

from hmac import compare_digest

from django.conf import settings


def accepted() -> list[str]:
    """Return the tokens in force; none means that whoever reaches the port may send."""
    return [one.strip() for one in settings.SLATRACK.ingest_tokens.split(",") if one.strip()]


def may_send(authorization: str, token: str) -> bool:
    """Whether a sender with these headers (Authorization, x-slatrack-token) may send."""
    known = accepted()
    if not known:
        return True
    scheme, _, credentials = authorization.partition(" ")
    shown = credentials.strip() if scheme.lower() == "bearer" else token.strip()
    return any(compare_digest(shown.encode(), one.encode()) for one in known)
