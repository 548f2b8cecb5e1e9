"""Signed webhooks, as Standard Webhooks describes them: id, timestamp and HMAC-SHA256 signature."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from time import monotonic
from typing import Any

from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.response import HTTPResponse
from urllib3.util import Timeout, Url, parse_url

from slatrack.alerting.models import Channel
from slatrack.alerting.sending.letters import Letter, Outcome, Reply, patience
from slatrack.alerting.sending.reach import Forbidden, cut_off, is_public, resolve

PREFIX = "whsec_"
_MOST_READ = 16_384  # bytes of a reply
_TRY_AGAIN = frozenset({408, 425, 429})
_LONGEST_WAIT = timedelta(hours=1)


def new_secret() -> str:
    """Return a new signing secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, key: str, at: datetime, body: bytes) -> str:
    """Return the signature of a body; ValueError for a secret that is none."""
    try:
        key_bytes = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as exc:
        raise ValueError("the signing secret is not whsec_ and base64") from exc
    content = f"{key}.{int(at.timestamp())}.".encode() + body
    made = hmac.new(key_bytes, content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"


def send(channel: Channel, letter: Letter) -> Reply:
    """POST the letter; 2xx is a yes. Follows no redirects."""
    try:
        url = checked(str(channel.config.get("url", "")))
        body = json.dumps(letter.body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = _headers(channel, letter, body)
        connection = _connection(url, patience(channel.config))
    except (ValueError, Forbidden) as exc:
        return Reply(Outcome.REFUSED, error=str(exc))
    except OSError as exc:
        return Reply(Outcome.RETRY, error=f"cannot look up the host: {exc}", busy=True)
    try:
        return _post(connection, url, body, headers, patience(channel.config), letter.at)
    finally:
        connection.close()


def checked(text: str) -> Url:
    """Return a web address parsed; ValueError says why it cannot be called."""
    try:
        url = parse_url(text)
    except LocationParseError as exc:
        raise ValueError(f"url: {text[:100]!r} is no web address") from exc
    if url.scheme not in ("https", "http") or not url.host:
        raise ValueError("url: must start with https:// (or http://) and name a host")
    if url.auth:
        raise ValueError("url: must not carry a user name or password")
    return url


def _headers(channel: Channel, letter: Letter, body: bytes) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "slatrack",
        "webhook-id": letter.key,
        "webhook-timestamp": str(int(letter.at.timestamp())),
    }
    if channel.secret:
        headers["webhook-signature"] = sign(channel.secret, letter.key, letter.at, body)
    return headers


def _connection(url: Url, seconds: float) -> HTTPConnection:
    """Return a connection, not opened yet, to the one address that was judged."""
    host = (url.host or "").strip("[]")
    port = url.port or (443 if url.scheme == "https" else 80)
    address = resolve(host, port, settings.SLATRACK.alert_allowed_networks)
    timeout = Timeout(total=seconds)
    if url.scheme == "https":
        return HTTPSConnection(
            str(address),
            port,
            timeout=timeout.connect_timeout,
            server_hostname=host,
            ssl_context=ssl.create_default_context(),
        )
    if is_public(address):
        raise Forbidden("url: must be https:// to reach a public address")
    return HTTPConnection(str(address), port, timeout=timeout.connect_timeout)


def _post(
    connection: HTTPConnection,
    url: Url,
    body: bytes,
    headers: dict[str, str],
    seconds: float,
    at: datetime,
) -> Reply:
    ends = monotonic() + seconds
    headers["Host"] = url.netloc or ""
    try:
        with cut_off(seconds, lambda: getattr(connection, "sock", None)):
            connection.request("POST", url.request_uri, body, headers, preload_content=False)
            response = connection.getresponse()
            if monotonic() >= ends:
                raise TimeoutError  # cut off within the headers: that is no answer
            excerpt = _read(response, ends)
    except (HTTPError, HTTPException, OSError, ValueError) as exc:
        return Reply(Outcome.RETRY, error=_why(exc, monotonic() >= ends, seconds), busy=True)
    return _reply(response, excerpt, at)


def _read(response: HTTPResponse, ends: float) -> str:
    """Return the start of the reply; what does not come in time is left."""
    kept = b""
    try:
        while len(kept) < _MOST_READ and monotonic() < ends:
            part = response.read1(_MOST_READ - len(kept))
            if not part:
                break
            kept += part
    except (HTTPError, HTTPException, OSError):
        pass  # the status line is the answer; the rest is for curiosity
    return kept.decode("utf-8", "replace")


def _reply(response: HTTPResponse, excerpt: str, at: datetime) -> Reply:
    status = response.status
    known: dict[str, Any] = {"status": str(status), "excerpt": excerpt}
    if 200 <= status < 300:
        return Reply(Outcome.SENT, **known)
    if status == 410:
        return Reply(Outcome.GONE, error="410 Gone: it asks not to be called again", **known)
    if 300 <= status < 400:
        return Reply(Outcome.REFUSED, error="redirects are not followed: set the new url", **known)
    if status < 500 and status not in _TRY_AGAIN:
        return Reply(Outcome.RETRY, error=f"the receiver answered {status}", **known)
    wait = _retry_after(response.headers.get("Retry-After", ""), at)
    error = f"the receiver answered {status}"
    return Reply(Outcome.RETRY, error=error, retry_after=wait, busy=True, **known)


def _retry_after(text: str, at: datetime) -> timedelta | None:
    """Return how long the receiver asks to wait, at most an hour; None where it does not say."""
    try:
        wait = timedelta(seconds=int(text)) if text.isdecimal() else _until(text, at)
    except (ValueError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), _LONGEST_WAIT)


def _until(text: str, at: datetime) -> timedelta:
    then = parsedate_to_datetime(text)
    return (then if then.tzinfo else then.replace(tzinfo=UTC)) - at


def _why(exc: Exception, late: bool, seconds: float) -> str:
    """Name the failure without the address, which may hold a secret."""
    if late or "timed out" in str(exc).lower():
        return f"no answer within {seconds:g} s"
    cause = exc.__cause__ or exc
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {cause.verify_message}"
    if isinstance(cause, OSError) and cause.strerror:
        return f"cannot connect: {cause.strerror}"
    return f"the connection failed: {type(cause).__name__}"
