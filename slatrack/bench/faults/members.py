"""Members: slatrack's own processes under fault, each with its own way to the database."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from slatrack.bench.faults.proxy import Proxy
from slatrack.bench.processes import here

PATIENCE = 40  # seconds for a process to end when it is told to


class Member:
    """One `manage.py` process, started, killed, stopped and woken at will; it logs to a file.

    Its database is reached through `proxy`. A command that begins with -m is a module of Python
    instead. What it starts itself is killed, stopped and woken with it; told to end is it alone.
    """

    def __init__(self, command: str, proxy: Proxy, log: Path, changed: dict[str, str]) -> None:
        self.command, self.proxy, self.log = command, proxy, log
        self.changed = {**here(port=proxy.port), **changed}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return its process id; it must be running."""
        if self._process is None:
            raise RuntimeError(f"{self.command} is not running")
        return self._process.pid

    def start(self) -> None:
        """Start it, again."""
        words = self.command.split()
        program = words if words[0] == "-m" else ["manage.py", *words]
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, *program],
                env={**os.environ, **self.changed},
                cwd=settings.BASE_DIR,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def kill(self) -> None:
        """kill -9: it learns nothing of it."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def send(self, number: int) -> None:
        """Send it a signal."""
        to = os.kill if number == signal.SIGTERM else os.killpg
        to(self.pid, number)

    def died(self) -> bool:
        """Whether it has ended by itself, which it never should."""
        return self._process is not None and self._process.poll() not in (None, -signal.SIGKILL)

    def said(self) -> str:
        """Return what it has logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def note(self, line: str) -> None:
        """Add a line to what it has logged."""
        with self.log.open("a") as out:
            out.write(f"{line}\n")

    def end(self) -> None:
        """Let it finish; kill it where it does not. It has not died by that."""
        if self._process is None or self._process.poll() is not None:
            return
        self.send(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None
