"""Start a server process and wait until it answers."""

import os
import pwd
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

LOOPBACK = "127.0.0.1"


class Missing(Exception):
    """The server is not installed here; the message says how to install it."""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((LOOPBACK, 0))
        return int(sock.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex((LOOPBACK, port)) == 0


def unprivileged() -> str | None:
    """The user to run servers as that refuse root; None where we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    ready: Callable[[], bool],
    user: str | None = None,
    env: dict[str, str] | None = None,
    cwd: Path = Path("/"),
    seconds: float = 180,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` until the block ends; fail with its log when it does not become ready."""
    with log.open("wb") as out:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            env=env,
            cwd=cwd,
        )
    try:
        _await(child, ready, log=log, seconds=seconds)
        yield child
    finally:
        child.terminate()
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _await(
    child: subprocess.Popen[bytes], ready: Callable[[], bool], *, log: Path, seconds: float
) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if child.poll() is not None or time.monotonic() > end:
            tail = log.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"{child.args!r} did not become ready in {seconds} s:\n{tail}")
        time.sleep(0.05)
