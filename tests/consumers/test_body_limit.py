"""Bodies that are too large are refused while they arrive, before they are kept anywhere."""

import asyncio
import itertools

import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from google.rpc.status_pb2 import Status

from consumers import body_limit
from consumers.body_limit import BodyLimit

application = BodyLimit(ASGIHandler())  # as slatrack.asgi puts it together


async def request(app, path, chunks, size=1000):
    sent, given = [], itertools.count()

    async def receive():
        number = next(given)
        if number >= chunks:
            await asyncio.Event().wait()  # the client waits for the answer
        return {"type": "http.request", "body": bytes(size), "more_body": number < chunks - 1}

    async def send(message):
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/x-protobuf")]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
             "query_string": b"", "headers": headers, "http_version": "1.1", "scheme": "http",
             "server": ("localhost", 80), "client": ("127.0.0.1", 1), "root_path": ""}  # fmt: skip
    await app(scope, receive, send)
    return sent, next(given)


async def test_an_endless_body_ends(monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "ingest_max_bytes", 10_000)

    sent, taken = await request(application, "/v1/traces", chunks=10**9)

    assert sent[0]["status"] == 413
    assert "10,000 B" in Status.FromString(sent[1]["body"]).message
    assert taken == 11


async def test_others_are_not_counted(monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "ingest_max_bytes", 100)
    seen = []

    async def inner(scope, receive, send):
        seen.append(len((await receive())["body"]))

    await request(BodyLimit(inner), "/elsewhere", chunks=1)

    assert seen == [1000]


@pytest.mark.django_db(transaction=True)
async def test_a_body_of_the_allowed_size_goes_through():
    sent, _ = await request(application, "/v1/traces", chunks=1)

    assert sent[0]["status"] == 400  # zeros are no request, but were read


async def test_more_requests_than_can_be_under_way_are_asked_to_come_again(monkeypatch):
    monkeypatch.setattr(body_limit, "MOST", 2)
    go_on, begun = asyncio.Event(), asyncio.Semaphore(0)

    async def slow(scope, receive, send):
        begun.release()
        await go_on.wait()

    limited = BodyLimit(slow)
    first = [asyncio.create_task(request(limited, "/v1/traces", chunks=1)) for _ in range(2)]
    for _ in first:
        await begun.acquire()

    sent, taken = await request(limited, "/v1/traces", chunks=1)
    assert (sent[0]["status"], taken) == (429, 0)  # nothing of its body was read
    assert int(dict(sent[0]["headers"])[b"retry-after"]) > 0

    go_on.set()
    await asyncio.gather(*first)
    sent, _ = await request(limited, "/v1/traces", chunks=1)
    assert sent == []  # it went through


async def test_bodies_that_wait_are_bounded_in_all(monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "ingest_max_bytes", 10_000)
    go_on, kept = asyncio.Event(), []

    async def keeping(scope, receive, send):
        while True:
            message = await receive()
            kept.append(len(message["body"]))
            if not message["more_body"]:
                break
        await go_on.wait()

    limited = BodyLimit(keeping)
    senders = [asyncio.create_task(request(limited, "/v1/logs", chunks=9)) for _ in range(20)]
    await asyncio.sleep(0)
    while not all(one.done() for one in senders[5:]):
        await asyncio.sleep(0)
    go_on.set()
    statuses = [sent[0]["status"] if sent else 200 for sent, _ in await asyncio.gather(*senders)]

    assert statuses.count(429) >= 15
    assert statuses.count(200) >= 1
    assert limited._held == limited._under_way == 0
