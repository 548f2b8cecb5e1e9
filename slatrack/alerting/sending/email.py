"""E-mail over SMTP: the channel's own server, or the installation's."""

import smtplib
import socket
import ssl
from email.message import Message

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from slatrack.alerting.models import Channel
from slatrack.alerting.sending.letters import Letter, Outcome, Reply, patience
from slatrack.alerting.sending.reach import Forbidden, cut_off
from slatrack.alerting.sending.smtp import Server, Smtp, dial

_MOST_SUBJECT = 150


def send(channel: Channel, letter: Letter) -> Reply:
    """Hand the letter to the mail server; its yes to the whole message is a yes."""
    try:
        server = server_of(channel)
        to = recipients(channel)
        message = compose(channel, letter, to).message()
    except ValueError as exc:
        return _refused(str(exc))
    with cut_off(server.seconds, server.sock):
        return _converse(server, message, sender(channel), to)


def server_of(channel: Channel) -> Server:
    """Return the channel's own mail server if it names one, else the installation's.

    ValueError if there is none.
    """
    own, config = settings.SLATRACK, channel.config
    if not config.get("host") and not own.smtp_host:
        raise ValueError("no mail server: set SLATRACK_SMTP_HOST, or a host for this channel")
    if not config.get("host"):
        return Server(
            host=own.smtp_host,
            port=own.smtp_port,
            security=own.smtp_security,
            user=own.smtp_user,
            password=own.smtp_password,
            seconds=patience(config),
        )
    return Server(
        host=str(config["host"]),
        port=int(config.get("port") or 25),
        security=str(config.get("security") or "starttls"),
        user=str(config.get("user") or ""),
        password=channel.secret,
        seconds=patience(config),
        allowed=own.alert_allowed_networks,
    )


def recipients(channel: Channel) -> list[str]:
    """Return the addresses that a channel writes to; ValueError if there are none."""
    given = channel.config.get("to") or []
    to = [given] if isinstance(given, str) else [str(one) for one in given]
    if not to or not all("@" in one for one in to):
        raise ValueError("to: needs one address or more, such as desk@example.com")
    return to


def sender(channel: Channel) -> str:
    """Return the address that a channel writes from."""
    return str(channel.config.get("sender") or settings.SLATRACK.mail_from)


def compose(channel: Channel, letter: Letter, to: list[str]) -> EmailMultiAlternatives:
    """Return the mail: the sentence first, as text and HTML; one thread an incident."""
    data = letter.body["data"]
    domain = sender(channel).rpartition("@")[2]
    headers = {
        "Message-ID": f"<{letter.key}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "X-Slatrack-Delivery": letter.key,
    }
    if letter.thread:
        headers["References"] = f"<{letter.thread}@{domain}>"
    subject = str(data["sentence"])
    if len(subject) > _MOST_SUBJECT:
        subject = subject[: _MOST_SUBJECT - 1] + "…"
    text = render_to_string("alerting/message.txt", data)
    mail = EmailMultiAlternatives(subject, text, sender(channel), to, headers=headers)
    mail.attach_alternative(render_to_string("alerting/message.html", data), "text/html")
    return mail


def _converse(server: Server, message: Message, sender: str, to: list[str]) -> Reply:
    try:
        with dial(server) as smtp:
            refused = smtp.send_message(message, sender, to)
            return _sent(smtp, refused)
    except smtplib.SMTPRecipientsRefused as exc:
        return _bounced(exc)
    except smtplib.SMTPResponseException as exc:
        return _answered(exc.smtp_code, exc.smtp_error)
    except (Forbidden, smtplib.SMTPNotSupportedError) as exc:
        return _refused(str(exc))
    except (smtplib.SMTPException, OSError) as exc:
        return Reply(Outcome.RETRY, error=_why(exc, server.seconds), busy=True)


def _sent(smtp: Smtp, refused: dict[str, tuple[int, bytes]]) -> Reply:
    code, text = smtp.answer
    some = ", ".join(f"{to}: {reply[0]} {_text(reply[1])}" for to, reply in refused.items())
    error = f"refused for {some}" if some else ""
    return Reply(Outcome.SENT, str(code), f"{code} {_text(text)}", error)


def _bounced(exc: smtplib.SMTPRecipientsRefused) -> Reply:
    code, text = next(iter(exc.recipients.values()))
    final = all(reply[0] >= 500 for reply in exc.recipients.values())
    outcome = Outcome.REFUSED if final else Outcome.RETRY
    return Reply(outcome, str(code), f"{code} {_text(text)}", "every recipient was refused")


def _answered(code: int, text: bytes | str) -> Reply:
    outcome = Outcome.REFUSED if code >= 500 else Outcome.RETRY
    error = f"the mail server answered {code}"
    return Reply(outcome, str(code), f"{code} {_text(text)}", error, busy=code == 421)


def _refused(why: str) -> Reply:
    return Reply(Outcome.REFUSED, error=why)


def _why(exc: Exception, seconds: float) -> str:
    if isinstance(exc, TimeoutError):
        return f"no answer within {seconds:g} s"
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {exc.verify_message}"
    if isinstance(exc, socket.gaierror):
        return "cannot look up the mail server"
    return f"the connection failed: {exc}"


def _text(reply: bytes | str) -> str:
    return reply if isinstance(reply, str) else reply.decode("utf-8", "replace")
