"""A conversation with a mail server, at the address that was judged fit to reach."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from slatrack.alerting.sending.reach import resolve


@dataclass(slots=True)
class Server:
    """A mail server. `allowed`: networks it may be in though not public; None: anywhere.

    The installation's own server is trusted to be where its operator says; a channel's is not.
    """

    host: str
    port: int
    security: str
    user: str
    password: str
    seconds: float
    allowed: str | None = None
    smtp: smtplib.SMTP | None = None

    def sock(self) -> socket.socket | None:
        """Return the socket of the conversation under way."""
        return getattr(self.smtp, "sock", None)

    def connect(self, port: int, timeout: float | None) -> socket.socket:
        """Return a connected socket; Forbidden for an address that must not be reached."""
        if self.allowed is None:
            return socket.create_connection((self.host, port), timeout)
        return socket.create_connection(
            (str(resolve(self.host, port, self.allowed)), port), timeout
        )


class Smtp(smtplib.SMTP):
    """Connects as its server says, and keeps the answer to the message."""

    def __init__(self, server: Server) -> None:
        self.answer: tuple[int, bytes] = (0, b"")
        self.server = server
        server.smtp = self
        self._begin()

    def _begin(self) -> None:
        super().__init__(self.server.host, self.server.port, timeout=self.server.seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        return self.server.connect(port, timeout)

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.answer = super().data(msg)
        return self.answer


class SmtpTls(Smtp):
    """The same, encrypted from the first byte."""

    default_port = smtplib.SMTP_SSL_PORT

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        plain = self.server.connect(port, timeout)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


@contextmanager
def dial(server: Server) -> Iterator[Smtp]:
    """Hold a connection that is encrypted and signed in, as the server's settings ask."""
    smtp = SmtpTls(server) if server.security == "tls" else Smtp(server)
    try:
        if server.security == "starttls":
            smtp.starttls(context=ssl.create_default_context())
        if server.user:
            smtp.login(server.user, server.password)
        yield smtp
        with suppress(smtplib.SMTPException, OSError):  # the message is accepted already
            smtp.quit()
    finally:
        smtp.close()
