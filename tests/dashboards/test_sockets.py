"""The live socket: who gets in, what comes, what happens when access ends."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection

from dashboards import board_picture
from dashboards.sockets import FORBIDDEN, SIGNED_OUT, LiveSocket
from slatrack import live
from tests import factories
from tests.dashboards.live_client import PATIENCE, LiveClient, cookie
from tests.dashboards.signed_in import client as signed_in

pytestmark = pytest.mark.django_db(transaction=True)


def in_flight(key: str, **fields: object):
    now = datetime.now(UTC)
    times = {"started_at": now, "step_at": now, "due_at": now + timedelta(minutes=15)}
    return factories.journey(**{"key": key, **times, "warn_at": None, **fields})


def told(key: str, **fields: object):
    """Make a journey and announce it, as the recorder does."""
    row = in_flight(key, **fields)
    live.announce([row.pk])
    return row


@sync_to_async
def session_of(role: str = "viewer") -> str:
    board_picture.forget()
    return cookie(signed_in(role))


async def board(role: str = "viewer", **wanted: str) -> LiveClient:
    client = LiveClient(await session_of(role))
    await client.connect()
    await client.say(subscribe="board", **wanted)
    return client


async def test_nobody_without_a_session_gets_in():
    client = LiveClient()
    await client.connect()
    assert (await client.hear("denied"))["reason"] == "You are signed out."
    assert await client.closed() == SIGNED_OUT


async def test_another_site_cannot_open_a_socket_with_the_persons_cookie():
    client = LiveClient(await session_of(), origin="https://evil.example")
    assert not await client.connect()


async def test_an_unknown_address_is_refused():
    assert not await LiveClient(await session_of(), path="/live/else").connect()


async def test_a_board_comes_whole_then_in_patches():
    first = await sync_to_async(in_flight)("T-1")
    client = await board()
    snapshot = await client.hear("snapshot")
    assert snapshot["order"] == {"on_track": [f"row-{first.pk}"]}
    assert "T-1" in snapshot["rows"][f"row-{first.pk}"]

    second = await sync_to_async(told)("T-2")
    patch = await client.hear("patch")
    assert patch["epoch"] == snapshot["epoch"]
    assert (patch["base_seq"], patch["seq"]) == (snapshot["seq"], snapshot["seq"] + 1)
    assert list(patch["rows"]) == [f"row-{second.pk}"]
    assert patch["order"]["on_track"] == [f"row-{first.pk}", f"row-{second.pk}"]
    await client.leave()


async def test_a_filtered_board_shows_only_what_its_address_says():
    row = await sync_to_async(in_flight)("T-1", attributes={"asset.class": "equity"})
    await sync_to_async(in_flight)("T-2", attributes={"asset.class": "swap"})
    client = await board(query="attr=asset.class%3Dequity")
    assert list((await client.hear("snapshot"))["rows"]) == [f"row-{row.pk}"]
    await client.leave()


async def test_who_missed_a_frame_gets_the_whole_board_again():
    client = await board()
    before = await client.hear("snapshot")
    row = await sync_to_async(told)("T-1")
    await client.hear("patch")
    await client.say(resync=True)
    again = await client.hear("snapshot")
    assert f"row-{row.pk}" in again["rows"]
    assert again["seq"] > before["seq"]
    await client.leave()


async def test_a_tick_comes_each_second_with_the_servers_clock():
    client = LiveClient(await session_of())
    await client.connect()
    first, second = await client.hear("tick"), await client.hear("tick")
    assert 500 < second["now"] - first["now"] < 3000
    assert first["alerts"] == 0
    assert "watched" in first["pulse"]
    await client.leave()


async def test_without_the_right_there_is_no_board():
    client = LiveClient(await session_of(""))
    await client.connect()
    await client.say(subscribe="board")
    assert (await client.hear("denied"))["code"] == FORBIDDEN
    assert await client.closed() == FORBIDDEN


@pytest.mark.parametrize("lost", ["role", "account", "session"])
async def test_access_lost_while_open_ends_the_socket(lost, monkeypatch):
    monkeypatch.setattr(LiveSocket, "recheck", 0.05)
    client = await board()
    await client.hear("snapshot")
    await take_away(lost)
    assert await client.closed() == (FORBIDDEN if lost == "role" else SIGNED_OUT)


@pytest.mark.parametrize("lost", ["account", "session"])
async def test_who_lost_access_before_subscribing_is_told_to_sign_in(lost):
    client = LiveClient(await session_of())
    await client.connect()
    await client.hear("tick")
    await take_away(lost)
    await client.say(subscribe="board")
    assert (await client.hear("denied"))["reason"] == "You are signed out."
    assert await client.closed() == SIGNED_OUT


async def test_rights_are_looked_at_again_after_a_look_that_failed(monkeypatch, caplog):
    monkeypatch.setattr(LiveSocket, "recheck", 0.05)
    client = await board()
    await client.hear("snapshot")
    await sync_to_async(move)("auth_user", "elsewhere")
    try:
        async with asyncio.timeout(PATIENCE):
            while "rights could not be read" not in caplog.text:
                await asyncio.sleep(0.01)
    finally:
        await sync_to_async(move)("elsewhere", "auth_user")
    await take_away("account")
    assert await client.closed() == SIGNED_OUT


def move(table: str, to: str) -> None:
    with connection.schema_editor() as editor:
        editor.alter_db_table(User, table, to)


@sync_to_async
def take_away(lost: str) -> None:
    user = User.objects.get()
    if lost == "role":
        user.groups.clear()
    elif lost == "account":
        User.objects.update(is_active=False)
    else:
        user.set_password("new")
        user.save()


@pytest.mark.parametrize(
    "message", [{}, {"subscribe": "else"}, {"subscribe": ["board"]}, {"resync": 1}]
)
async def test_nonsense_is_refused(message):
    client = LiveClient(await session_of())
    await client.connect()
    await client.say(**message)
    assert (await client.hear("denied"))["code"] == 4400
    await client.closed()


async def test_news_from_another_thread_reaches_the_browser():
    client = await board()
    await client.hear("snapshot")
    row = await asyncio.to_thread(_in_a_thread)
    assert f"row-{row}" in (await client.hear("patch"))["rows"]
    await client.leave()


def _in_a_thread():
    from_there = told("T-9")
    connection.close()
    return from_there.pk
