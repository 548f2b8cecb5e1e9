import asyncio
import smtplib
from collections.abc import Callable
from email.message import EmailMessage

from slatrack.demo import inbox, mailbox


async def with_mailbox(talk: Callable[[int], None]) -> None:
    server = await asyncio.start_server(mailbox.converse, "127.0.0.1", 0, limit=mailbox.MAX_LINE)
    async with server:
        await asyncio.to_thread(talk, server.sockets[0].getsockname()[1])


def letter() -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "slatrack@demo.example"
    mail["To"] = "desk@demo.example"
    mail["Subject"] = "3 trades are late – é"
    mail.set_content("The regulator does not answer.\n.a line that starts with a dot\n")
    mail.add_alternative("<p>The regulator does not answer.</p>", subtype="html")
    return mail


async def test_a_letter_arrives_as_it_was_sent():
    def talk(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            client.send_message(letter())
            client.send_message(letter())

    await with_mailbox(talk)

    first, second = inbox.messages()
    assert first.kind == second.kind == "email"
    assert first.subject == "3 trades are late – é"
    assert first.sender == "slatrack@demo.example"
    assert first.headers["To"] == "desk@demo.example"
    assert first.body == ("The regulator does not answer.\n.a line that starts with a dot\n")


async def test_an_endless_line_ends_the_conversation_only():
    def talk(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            try:
                client.docmd("NOOP " + "x" * (2 * mailbox.MAX_LINE))
            except smtplib.SMTPServerDisconnected:
                client.close()
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            client.send_message(letter())

    await with_mailbox(talk)
    assert len(inbox.messages()) == 1
