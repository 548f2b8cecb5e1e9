"""A real Redis of its own, without persistence."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .process import LOOPBACK, Missing, answers, free_port, running


class Store:
    """A Redis that can be stopped and started again at its address; it forgets all it held."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise Missing("Redis is not installed: apt-get install redis-server")
        self._folder, self._port = folder, free_port()
        self.url = f"redis://{LOOPBACK}:{self._port}/0"
        place = ["--port", str(self._port), "--bind", LOOPBACK, "--dir", str(folder)]
        self._command = [program, *place, "--save", ""]
        self._running = ExitStack()

    def start(self) -> None:
        """Run until `stop`; returns once it answers."""
        log = self._folder / "redis.out"
        self._running.enter_context(
            running(self._command, log=log, ready=lambda: answers(self._port))
        )

    def stop(self) -> None:
        self._running.close()


@contextmanager
def real(folder: Path) -> Iterator[str]:
    """Yield the URL of a fresh, empty Redis."""
    store = Store(folder)
    store.start()
    try:
        yield store.url
    finally:
        store.stop()
