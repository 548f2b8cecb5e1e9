"""A real Redis of its own, without persistence."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .process import LOOPBACK, Missing, answers, free_port, running


@contextmanager
def real(folder: Path) -> Iterator[str]:
    """Yield the URL of a fresh, empty Redis."""
    program = shutil.which("redis-server")
    if program is None:
        raise Missing("Redis is not installed: apt-get install redis-server")
    port = free_port()
    command = [program, "--port", str(port), "--bind", LOOPBACK, "--save", "", "--dir", str(folder)]
    with running(command, log=folder / "redis.out", ready=lambda: answers(port)):
        yield f"redis://{LOOPBACK}:{port}/0"
