"""Shares: the process that serves a port is found, and its time is counted with its children's."""

import os
import socket
import subprocess
import sys

import pytest

from slatrack.bench import shares

pytestmark = pytest.mark.skipif(not shares.PROC.joinpath("self/stat").exists(), reason="no /proc")

BURN = "import time\nwhile time.process_time() < 0.3: pass"


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made.getsockname()[1]


def test_the_process_that_listens_is_found(server):
    assert shares.serving("127.0.0.1", server) == os.getpid()


def test_what_is_elsewhere_or_nowhere_is_not_told(server):
    assert shares.serving("db.example.com", server) is None
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert shares.serving("127.0.0.1", port) is None
    assert shares.family_seconds(None) is None


def test_the_time_of_children_counts_also_once_they_have_ended():
    before = shares.family_seconds(os.getpid())
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert shares.family_seconds(os.getpid()) - before >= 0.25


def test_a_family_is_a_process_and_all_that_it_started_and_no_other():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in shares.family(os.getpid())
        assert shares.family(child.pid) == [child.pid]
        child.communicate(b"\n")
    assert child.pid not in shares.family(os.getpid())


def test_a_pinned_process_has_so_many_cores_and_no_more():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        shares.pin(child.pid, 1)
        allowed = os.sched_getaffinity(child.pid)
        child.communicate(b"\n")
    assert len(allowed) == 1
