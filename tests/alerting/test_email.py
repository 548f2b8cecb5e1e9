import email
import email.policy
from datetime import UTC, datetime

import pytest

from slatrack.alerting.models import Channel
from slatrack.alerting.sending import Letter, send
from slatrack.alerting.sending.letters import Outcome
from tests.alerting import receivers

AT = datetime(2026, 11, 20, 12, 15, tzinfo=UTC)
DATA = {
    "sentence": "TRD-1 missed “report”, due 12:15:00 UTC: waiting 10 min after accepted.",
    "news": "opened",
    "severity": "critical",
    "deadline": "report",
    "flow": {"name": "trades", "title": "Trades"},
    "incident": {"number": 7, "state": "open", "events": 2, "open_events": 2, "url": "http://s/7"},
    "event": {"key": "<b>TRD-1</b>", "url": "http://s/TRD-1"},
}


def desk(server=None, **config):
    if server is not None:
        config = {"host": "127.0.0.1", "port": server.port, "security": "none", **config}
    return Channel(name="desk", kind="email", config={"to": ["desk@example.com"], **config})


def letter(**data):
    return Letter("msg_1", {"type": "slatrack.incident.opened", "data": {**DATA, **data}}, AT, "i7")


def read(raw: bytes):
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_a_mail_says_it_first_as_text_and_html(loopback):
    with receivers.mail() as server:
        reply = send(desk(server, sender="slatrack@example.com"), letter())

    assert (reply.outcome, reply.excerpt) == (Outcome.SENT, "250 queued as 1")
    mail = read(server.got[0][1])
    assert mail["Subject"].strip() == DATA["sentence"]
    assert mail["To"] == "desk@example.com"
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert text.startswith(DATA["sentence"])
    assert "http://s/7" in text
    assert "&lt;b&gt;TRD-1&lt;/b&gt;" in html


def test_its_id_is_the_same_at_every_attempt_and_its_thread_that_of_the_incident(loopback):
    with receivers.mail("451 later", "250 ok") as server:
        first = send(desk(server), letter())
        second = send(desk(server), letter())

    assert (first.outcome, first.status) == (Outcome.RETRY, "451")
    assert second.ok
    ids = {read(raw)["Message-ID"] for _, raw in server.got}
    assert ids == {"<msg_1@localhost>"}
    assert read(server.got[0][1])["References"] == "<i7@localhost>"


def test_a_key_with_line_breaks_cannot_add_headers(loopback):
    with receivers.mail() as server:
        reply = send(desk(server), letter(sentence="TRD-1\r\nBcc: thief@example.com"))

    assert reply.outcome is Outcome.REFUSED
    assert server.got == []


def test_a_server_that_will_not_take_it_ends_the_attempts(loopback):
    with receivers.mail("554 spam") as server:
        reply = send(desk(server), letter())

    assert (reply.outcome, reply.excerpt) == (Outcome.REFUSED, "554 spam")


def test_a_recipient_that_does_not_exist_is_named_and_the_others_get_it(loopback):
    with receivers.mail() as server:
        reply = send(desk(server, to=["desk@example.com", "nobody@example.com"]), letter())

    assert reply.ok
    assert reply.error == "refused for nobody@example.com: 550 no such user"


def test_no_recipient_at_all_is_refused(loopback):
    with receivers.mail() as server:
        reply = send(desk(server, to=["nobody@example.com"]), letter())

    assert (reply.outcome, reply.status) == (Outcome.REFUSED, "550")


def test_a_server_without_encryption_is_refused_unless_told(loopback):
    with receivers.mail() as server:
        reply = send(desk(server, security="starttls"), letter())

    assert reply.outcome is Outcome.REFUSED
    assert "STARTTLS" in reply.error


def test_a_channels_own_server_must_be_within_reach():
    with receivers.mail() as server:
        reply = send(desk(server), letter())

    assert reply.outcome is Outcome.REFUSED
    assert "SLATRACK_ALERT_ALLOWED_NETWORKS" in reply.error


def test_the_installations_server_is_used_and_trusted_where_a_channel_names_none(allow):
    with receivers.mail() as server:
        allow(smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none")
        reply = send(desk(), letter())

    assert reply.ok


def test_without_any_server_it_says_what_to_set(allow):
    allow(smtp_host="")

    assert "SLATRACK_SMTP_HOST" in send(desk(), letter()).error


def test_nobody_listening_is_tried_again(loopback):
    reply = send(desk(host="127.0.0.1", port=9, security="none"), letter())

    assert (reply.outcome, reply.busy) == (Outcome.RETRY, True)


@pytest.mark.parametrize("to", [[], ["nonsense"], "desk"])
def test_addresses_that_are_none_are_refused(loopback, to):
    reply = send(desk(host="127.0.0.1", port=9, to=to), letter())

    assert (reply.outcome, reply.error[:3]) == (Outcome.REFUSED, "to:")
