"""The demo's mailbox: just enough SMTP to receive what slatrack sends, and to show it."""

import asyncio
import logging
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from slatrack.demo import inbox

logger = logging.getLogger(__name__)

MAX_LINE = 10_000
MAX_LETTER = 1_000_000
IDLE = 60  # seconds
_PLAIN = {b"NOOP": "250 OK", b"RSET": "250 OK", b"MAIL": "250 OK", b"RCPT": "250 OK"}


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hold one SMTP conversation (for `asyncio.start_server`); letters go to the inbox."""
    try:
        async with asyncio.timeout(IDLE):
            await _converse(reader, writer)
    except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
        logger.info("Mailbox: conversation broken off: %s", error)
    finally:
        writer.close()


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _say(writer, "220 slatrack demo mailbox")
    while verb := (await reader.readline())[:4].upper().rstrip():
        if verb == b"QUIT":
            await _say(writer, "221 bye")
            return
        if verb in (b"EHLO", b"HELO"):
            await _say(writer, "250 slatrack demo mailbox")
        elif verb == b"DATA":
            await _say(writer, "354 end with a line that holds just a dot")
            await asyncio.to_thread(_keep, await _letter(reader))
            await _say(writer, "250 kept")
        else:
            await _say(writer, _PLAIN.get(verb, "502 not known here"))


async def _letter(reader: asyncio.StreamReader) -> bytes:
    letter = b""
    while (line := await reader.readline()) not in (b".\r\n", b".\n"):
        if not line:
            raise asyncio.IncompleteReadError(letter[-100:], None)
        letter += line.removeprefix(b".")
        if len(letter) > MAX_LETTER:
            raise ValueError(f"letter larger than {MAX_LETTER} bytes")
    return letter


def _keep(letter: bytes) -> None:
    mail = message_from_bytes(letter, policy=policy.default)
    text = mail.get_body(("plain", "html")) if isinstance(mail, EmailMessage) else None
    inbox.keep(
        inbox.Message(
            kind="email",
            received_at=datetime.now(UTC),
            sender=str(mail.get("From", "")),
            subject=str(mail.get("Subject", "")).strip(),
            headers={name: str(value) for name, value in mail.items()},
            body=str(text.get_content()).replace("\r\n", "\n") if text else "",
        )
    )


async def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(f"{line}\r\n".encode())
    await writer.drain()
