"""The runner as people start it: a process of its own, ended by a signal."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from slatrack.embedded.ports import take

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds; a busy machine takes long to import everything

pytestmark = pytest.mark.servers  # needs none, but starts whole installations


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def environment(folder: Path, port: int) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SLATRACK_")}
    return own | {
        "DJANGO_SETTINGS_MODULE": "slatrack.settings",
        "SLATRACK_DATA_DIR": str(folder),
        "SLATRACK_HTTP_PORT": str(port),
        "SLATRACK_GRPC_PORT": str(free_port()),
    }


@contextmanager
def started(command: str, folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", command],
        cwd=ROOT,
        env=environment(folder, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until, "the condition was never met"
        time.sleep(0.2)


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=10) as response:
            return bool(response.status == 200)
    except HTTPError:
        return True
    except OSError:
        return False


def children(process: subprocess.Popen[str]) -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in listed.stdout.split()]


def running_demo(process: subprocess.Popen[str], port: int) -> int:
    """Wait until the demo answers; return the process id of its pipeline."""
    wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"), process)
    wait_for(lambda: bool(children(process)), process)
    [pipeline] = children(process)
    return pipeline


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has asked about yet is a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_the_demo_starts_and_a_signal_stops_it_with_its_child(tmp_path: Path):
    port = free_port()
    with started("demo", tmp_path / "data", port) as process:
        pipeline = running_demo(process, port)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert f"http://127.0.0.1:{port}" in said
    assert "password" in said
    assert gone(pipeline)


def test_a_part_that_dies_is_named_and_ends_the_demo(tmp_path: Path):
    port = free_port()
    with started("demo", tmp_path / "data", port) as process:
        os.kill(running_demo(process, port), signal.SIGKILL)
        said, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 1
    assert "pipeline failed" in said
    assert "exit code -9" in said


def test_the_pipeline_does_not_outlive_its_parent(tmp_path: Path):
    port = free_port()
    with started("demo", tmp_path / "data", port) as process:
        pipeline = running_demo(process, port)
        process.kill()
        process.wait()
        until = time.monotonic() + PATIENCE
        while not gone(pipeline):
            assert time.monotonic() < until
            time.sleep(0.2)


def test_a_busy_port_is_said_in_words(tmp_path: Path):
    with take("127.0.0.1", 0, setting="") as taken:
        port = taken.getsockname()[1]
        with started("up", tmp_path / "data", port) as process:
            said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use" in said
    assert "SLATRACK_HTTP_PORT" in said
    assert "Traceback" not in said


def test_a_data_folder_in_use_is_said_in_words(tmp_path: Path):
    port = free_port()
    with started("up", tmp_path / "data", port) as first:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"), first)
        with started("up", tmp_path / "data", free_port()) as second:
            said, _ = second.communicate(timeout=PATIENCE)
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert f"in use by process {first.pid}" in said
    assert first.returncode == 0
