"""The parts of the fault benchmark: its manifest, and its proxy with a twin of a database."""

import random
import socket
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from consumers import keeper
from slatrack.bench.faults import database
from slatrack.bench.faults.bench import _possible
from slatrack.bench.faults.manifest import RECORDS_PER_WINDOW, UNREPORTED, Manifest
from slatrack.bench.faults.members import Member
from slatrack.bench.faults.proxy import COMMIT, RECORDING, Proxy
from slatrack.bench.faults.storm import Blowing, Gust
from slatrack.bench.faults.table import FAULTS
from tests.servers.installed import wait_for

START = 1_790_000_000_000_000_000


def test_a_manifest_knows_each_span_and_each_event_of_all_waves():
    manifest = Manifest(seed=7)
    made = manifest.add(2, START) + manifest.add(1, START + 60 * 10**9)

    assert (len(made), len(manifest.records)) == (24, 24)
    events = manifest.journeys()
    stuck = [one for one in events.values() if one.ended is None]
    assert (len(events), len(stuck)) == (150, 150 // UNREPORTED)
    assert len(manifest.spans()) == 3 * 800 - 2 * len(stuck)
    assert {one.verdict for one in stuck} == {"missed"}
    assert {one.status for one in events.values()} == {"done", "in_flight"}
    assert manifest.summary() == again(7).summary() != again(8).summary()


def again(seed):
    other = Manifest(seed)
    other.add(2, START)
    other.add(1, START)
    return other


def test_what_kafka_deleted_is_not_expected_and_the_rest_of_its_events_is():
    manifest = Manifest(seed=7)
    manifest.add(1, START)
    whole = len(manifest.spans())

    manifest.lost.add(0)  # the record of the gateway, with each event's first two spans
    one = manifest.journeys()["payments", "PAY-20261122-00000001"]
    assert (one.spans, one.status, len(manifest.spans())) == (6, "done", whole - 100)

    manifest.lost.update(range(RECORDS_PER_WINDOW))
    assert manifest.journeys() == {}
    assert manifest.spans() == set()


def test_faults_that_stop_servers_are_not_done_where_nobody_can():
    needing = {name for name, one in FAULTS.items() if one.needs_servers}
    can, cannot = _possible(list(FAULTS), None)

    assert needing == set(cannot) == FAULTS.keys() - set(can) != set()
    assert _possible(list(FAULTS), object())[1] == []


@pytest.fixture
def member(tmp_path):
    def made(command):
        return Member(command, Proxy("127.0.0.1", 1), tmp_path / "member.log", {})

    return made


def test_a_member_that_was_told_to_end_has_not_died_and_one_that_ends_by_itself_has(member):
    told, by_itself = member("watch_deadlines"), member("no_such_command")
    for one in (told, by_itself):
        one.start()
    told.end()

    wait_for(by_itself.died, seconds=60, why="it runs")
    by_itself.end()
    assert (told.died(), by_itself.died()) == (False, True)


STARTING = """
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
time.sleep(600)
"""


def test_what_a_member_has_started_is_killed_with_it(member, tmp_path, monkeypatch):
    (tmp_path / "starting.py").write_text(STARTING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    one = member("-m starting")
    one.start()
    wait_for(lambda: one.said().strip().isdigit(), seconds=60, why="it starts nothing")
    one.kill()

    wait_for(lambda: not is_running(int(one.said())), seconds=60, why="it runs on")


def is_running(pid):
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


@contextmanager
def echoing():
    """A server that answers each piece with the same piece; yields its port and what it got."""
    got: list[bytes] = []

    def serve(listening):
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(client,), daemon=True).start()

    def answer(client):
        while data := client.recv(1000):
            got.append(data)
            client.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1], got
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def way():
    with echoing() as (port, got), Proxy("127.0.0.1", port) as proxy:
        client = socket.create_connection(("127.0.0.1", proxy.port), timeout=20)
        yield proxy, client, got
        client.close()


def said(client, data):
    client.sendall(data)
    return client.recv(1000)


def test_a_commit_of_spans_is_caught_before_the_database_has_it(way):
    proxy, client, got = way
    seen = []
    proxy.at_commit = lambda link: seen.append(list(got))

    assert said(client, COMMIT) == COMMIT  # of a transaction that stores no span
    assert said(client, RECORDING) == RECORDING
    assert said(client, COMMIT) == COMMIT

    assert seen == [[COMMIT, RECORDING]]
    assert proxy.commits == 1


def test_whose_commits_count_can_be_said(way):
    proxy, client, _ = way
    proxy.counts = (b"INSERT",)
    said(client, RECORDING)
    said(client, COMMIT)
    said(client, b"INSERT")
    said(client, COMMIT)

    assert proxy.commits == 1


def test_a_commit_can_arrive_and_its_answer_not(way):
    proxy, client, got = way
    proxy.at_commit = lambda link: setattr(link, "swallow", True)
    said(client, RECORDING)

    assert said(client, COMMIT) == b""  # cut off
    assert got == [RECORDING, COMMIT]


def test_silence_holds_everything_back_and_then_delivers_it(way):
    proxy, client, got = way
    said(client, b"before")
    proxy.silence()
    client.sendall(b"during")
    client.settimeout(timedelta(seconds=0.2).total_seconds())
    with pytest.raises(TimeoutError):
        client.recv(1000)
    assert got == [b"before"]

    proxy.resume()
    client.settimeout(20)
    assert client.recv(1000) == b"during"


def test_of_a_storm_one_thing_at_a_time_blows_in_each_place_and_all_ends(tmp_path):
    blowing_now, most, seen = set(), 0, set()

    @contextmanager
    def blow(name):
        nonlocal most
        assert name not in blowing_now
        blowing_now.add(name)
        seen.add(name)
        most = max(most, len(blowing_now))
        yield
        blowing_now.remove(name)

    member = Member("check", Proxy("127.0.0.1", 1), tmp_path / "log", {})
    places = {name: [Gust("gust", lambda name=name: blow(name))] for name in ("here", "there")}
    blowing = Blowing(places, [member])
    scene = SimpleNamespace(rng=random.Random(3))
    for _ in range(20):
        blowing.begin(scene)
        if len(blowing_now) == 2:
            blowing.end(max(at for at, _ in blowing.until.values()))
    blowing.end(float("inf"))

    assert (most, seen, blowing_now, blowing.until) == (2, {"here", "there"}, set(), {})
    assert blowing.count["gust"] >= 10
    assert member.said().count("is over") == blowing.count["gust"]


def test_what_ends_with_an_error_leaves_nothing_else_blowing(tmp_path):
    ended = []

    @contextmanager
    def blow(name):
        yield
        ended.append(name)
        raise RuntimeError(name)

    member = Member("check", Proxy("127.0.0.1", 1), tmp_path / "log", {})
    places = {name: [Gust("gust", lambda name=name: blow(name))] for name in ("here", "there")}
    blowing = Blowing(places, [member])
    scene = SimpleNamespace(rng=random.Random(3))
    blowing.begin(scene)
    blowing.begin(scene)

    with pytest.raises(RuntimeError):
        blowing.end(float("inf"))

    assert (sorted(ended), blowing.until) == (["here", "there"], {})


def test_a_table_is_locked_for_longer_than_a_consumer_waits_before_it_polls_on():
    assert database.LONG >= keeper.LONG
