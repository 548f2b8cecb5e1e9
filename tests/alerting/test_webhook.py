import base64
import hashlib
import hmac
import json
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from slatrack.alerting.models import Channel
from slatrack.alerting.sending import Letter, send, webhook
from slatrack.alerting.sending.letters import Outcome
from tests.alerting import receivers

AT = datetime(2026, 11, 20, 12, 15, tzinfo=UTC)
SECRET = "whsec_plJ3nmyCDGBKInavdOK15jsl"
METADATA = "169.254.169.254"


def hook(url, **fields):
    config = {"url": url, **fields.pop("config", {})}
    return Channel(name="hook", kind="webhook", config=config, secret=SECRET, **fields)


def letter(**data):
    return Letter("msg_1", {"type": "slatrack.test", "data": data}, AT)


def test_the_signature_is_that_of_the_published_example():
    body = b'{"event_type":"ping","data":{"success":true}}'
    at = datetime.fromtimestamp(1731705121, UTC)

    made = webhook.sign(SECRET, "msg_loFOjxBNrRLzqYUf", at, body)

    assert made == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


def test_a_receiver_can_verify_what_it_got(loopback):
    with receivers.web() as receiver:
        reply = send(hook(receiver.url), letter(key="TRD-ü"))

    [(headers, body)] = receiver.got
    assert (reply.outcome, reply.status, reply.excerpt) == (Outcome.SENT, "200", "thanks")
    assert headers["webhook-id"] == "msg_1"
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    content = f"msg_1.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"
    assert json.loads(body)["data"] == {"key": "TRD-ü"}


def test_a_new_secret_can_sign():
    assert webhook.sign(webhook.new_secret(), "msg_1", AT, b"{}").startswith("v1,")


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "wait"),
    [
        (204, {}, Outcome.SENT, None),
        (410, {}, Outcome.GONE, None),
        (404, {}, Outcome.RETRY, None),
        (500, {}, Outcome.RETRY, None),
        (429, {"Retry-After": "7"}, Outcome.RETRY, timedelta(seconds=7)),
        (
            503,
            {"Retry-After": "Fri, 20 Nov 2026 12:16:00 GMT"},
            Outcome.RETRY,
            timedelta(minutes=1),
        ),
        (503, {"Retry-After": "99999999999"}, Outcome.RETRY, timedelta(hours=1)),
        (503, {"Retry-After": "soon"}, Outcome.RETRY, None),
    ],
)
def test_what_an_answer_means(loopback, status, headers, outcome, wait):
    with receivers.web((status, headers, b"")) as receiver:
        reply = send(hook(receiver.url), letter())

    assert (reply.outcome, reply.status, reply.retry_after) == (outcome, str(status), wait)


def test_a_redirect_is_not_followed(loopback):
    with receivers.web() as trap:
        where = {"Location": f"http://127.0.0.1:{trap.port}/metadata"}
        with receivers.web((302, where, b"")) as receiver:
            reply = send(hook(receiver.url), letter())

    assert reply.outcome is Outcome.REFUSED
    assert "redirects are not followed" in reply.error
    assert trap.got == []


@pytest.mark.parametrize(
    "host",
    [
        METADATA,
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "10.0.0.8",
        "0x7f.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "[fd00::1]",
        "224.0.0.1",
    ],
)
def test_addresses_that_are_not_public_are_refused(host):
    reply = send(hook(f"https://{host}/latest/meta-data/"), letter())

    assert reply.outcome is Outcome.REFUSED
    assert "not a public address" in reply.error
    assert "SLATRACK_ALERT_ALLOWED_NETWORKS" in reply.error


def test_an_allowed_network_does_not_open_others(loopback):
    reply = send(hook(f"http://{METADATA}/"), letter())

    assert reply.outcome is Outcome.REFUSED


def test_a_name_that_rebinds_reaches_only_the_address_that_was_judged(loopback, monkeypatch):
    looked_up = []

    def rebinding(host, port, *args, **kwargs):
        looked_up.append(host)
        address = "127.0.0.1" if len(looked_up) == 1 else METADATA
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with receivers.web() as receiver:
        real = socket.getaddrinfo

        def lookup(host, *args, **kwargs):
            named = host == "rebinds.example"
            return (rebinding if named else real)(host, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", lookup)  # name service is the outside
        reply = send(hook(f"http://rebinds.example:{receiver.port}/hook"), letter())

    assert reply.ok
    assert looked_up == ["rebinds.example"]
    assert receiver.got[0][0]["host"] == f"rebinds.example:{receiver.port}"


def test_a_name_with_one_private_address_is_refused(monkeypatch):
    def both(host, port, *args, **kwargs):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("93.184.215.14", METADATA)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)

    assert send(hook("https://both.example/"), letter()).outcome is Outcome.REFUSED


def test_plain_http_to_a_public_address_is_refused():
    reply = send(hook("http://93.184.215.14/"), letter())

    assert reply.outcome is Outcome.REFUSED
    assert "https://" in reply.error


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "nonsense", "", "http://", "https://user:secret@127.0.0.1/"]
)
def test_addresses_that_are_none_are_refused_with_a_reason(loopback, url):
    reply = send(hook(url), letter())

    assert reply.outcome is Outcome.REFUSED
    assert reply.error.startswith("url: ")


def test_a_secret_that_is_none_is_refused_and_not_shown(loopback):
    channel = hook("http://127.0.0.1:9/")
    channel.secret = "whsec_not base64!"

    reply = send(channel, letter())

    assert reply.outcome is Outcome.REFUSED
    assert "not base64" not in reply.error


def test_a_receiver_that_hangs_is_cut_off(loopback):
    with receivers.web() as receiver:
        receiver.hangs = threading.Event()
        reply = send(hook(receiver.url, config={"timeout_s": 0.2}), letter())

    assert (reply.outcome, reply.busy) == (Outcome.RETRY, True)
    assert reply.error == "no answer within 0.2 s"


def test_a_receiver_that_drips_is_cut_off(loopback):
    with dripping() as port:
        reply = send(hook(f"http://127.0.0.1:{port}/", config={"timeout_s": 0.3}), letter())

    assert reply.outcome is Outcome.RETRY
    assert reply.error == "no answer within 0.3 s"


def test_an_answer_that_is_no_http_is_tried_again(loopback):
    with receivers.mail(greeting="hello?") as server:
        reply = send(hook(f"http://127.0.0.1:{server.port}/"), letter())

    assert (reply.outcome, reply.error) == (Outcome.RETRY, "the connection failed: BadStatusLine")


def test_a_fault_of_our_own_is_a_reply_too(loopback, caplog):
    channel = hook("http://127.0.0.1:9/")
    channel.kind = "pigeon"

    reply = send(channel, letter())

    assert (reply.outcome, reply.error) == (
        Outcome.RETRY,
        "slatrack failed: ValueError, see its log",
    )
    assert "cannot send" in caplog.text


def test_a_long_reply_is_shortened(loopback):
    with receivers.web((200, {}, b"x" * 1_000_000)) as receiver:
        reply = send(hook(receiver.url), letter())

    assert reply.ok
    assert len(reply.excerpt) == 2000


def test_an_echoed_secret_is_masked(loopback):
    with receivers.web((500, {}, f"bad {SECRET}".encode())) as receiver:
        reply = send(hook(receiver.url), letter())

    assert reply.excerpt == "bad •••"


def test_nobody_listening_is_tried_again(loopback):
    reply = send(hook("http://127.0.0.1:9/"), letter())

    assert (reply.outcome, reply.error) == (Outcome.RETRY, "cannot connect: Connection refused")


def test_a_certificate_that_is_not_trusted_is_refused(loopback, tmp_path):
    with encrypted(tmp_path) as port:
        reply = send(hook(f"https://localhost:{port}/"), letter())

    assert reply.outcome is Outcome.RETRY
    assert reply.error == "the certificate is not trusted: self-signed certificate"


@contextmanager
def dripping():
    """Serve a header that never ends, a byte at a time."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve():
        peer, _ = listener.accept()
        with peer:
            peer.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not done.wait(0.02):
                try:
                    peer.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    done.set()
    thread.join()
    listener.close()


@contextmanager
def encrypted(folder):
    """Shake hands over TLS with a certificate that nobody vouches for."""
    openssl = shutil.which("openssl")
    assert openssl, "install openssl"
    cert, key = folder / "cert.pem", folder / "key.pem"
    made = [openssl, "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"]
    made += ["ec_paramgen_curve:P-256", "-subj", "/CN=localhost", "-days", "2"]
    subprocess.run(
        [*made, "-addext", "subjectAltName=DNS:localhost", "-out", cert, "-keyout", key],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        peer, _ = listener.accept()
        try:
            context.wrap_socket(peer, server_side=True).close()
        except ssl.SSLError:
            peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join()
    listener.close()
