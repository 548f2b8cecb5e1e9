"""Processes of slatrack that a benchmark measures: real commands on its own database and topic."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection

from slatrack.bench import shares

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
STDERR = 2  # its number: what is printed on stdout is the figures
PATIENCE = 30  # seconds for a process to end when it is told to


class Processes:
    """Some `manage.py` processes with the settings of this one, but for what `changed` says.

    A command that begins with -m is a module of Python instead. They end with the block. Times and
    sizes are those of all of them together; None where the operating system does not tell.
    """

    def __init__(
        self, number: int, *command: str, changed: dict[str, str], cores: int | None = None
    ) -> None:
        program = command if command[0] == "-m" else ("manage.py", *command)
        self._command = [sys.executable, *program]
        self._number = number
        self._cores = cores  # as many of them as they may use together; None: all
        self._environment = {**os.environ, **here(), **changed}
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Processes":
        for _ in range(self._number):
            self._running.append(
                subprocess.Popen(  # noqa: S603 - our own command
                    self._command, env=self._environment, cwd=settings.BASE_DIR, stdout=STDERR
                )
            )
            if self._cores is not None:
                shares.pin(self._running[-1].pid, self._cores)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def died(self) -> bool:
        """Whether one has ended, which none should."""
        return any(process.poll() is not None for process in self._running)

    def cpu_seconds(self) -> float | None:
        """Return the processor time that they have taken so far."""
        return _total(_cpu_seconds(process.pid) for process in self._running)

    def peak_memory_bytes(self) -> int | None:
        """Return the most memory that they have held, added up."""
        found = _total(_memory(process.pid, "VmHWM:") for process in self._running)
        return None if found is None else int(found)

    def memory_bytes(self) -> int | None:
        """Return the memory that they and all that they started hold now, added up."""
        every = [one for process in self._running for one in shares.family(process.pid)]
        found = _total(_memory(pid, "VmRSS:") for pid in every)
        return None if found is None else int(found)


def here(*, port: int = 0) -> dict[str, str]:
    """Settings that lead another process to the database in use here, or to a proxy of it."""
    at: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        return {"SLATRACK_DATA_DIR": str(Path(at["NAME"]).parent)}
    who = ":".join(quote(at[name], safe="") for name in ("USER", "PASSWORD") if at[name])
    where = ":".join(quote(str(at[name]), safe="") for name in ("HOST", "PORT") if at[name])
    where = f"127.0.0.1:{port}" if port else where
    given = {name: value for name, value in at["OPTIONS"].items() if name != "pool"}
    others = urlencode(given, quote_via=quote)  # libpq takes no + for a space
    url = f"postgresql://{who}{'@' if who else ''}{where}/{quote(at['NAME'])}?{others}"
    return {"SLATRACK_DATABASE_URL": url, "SLATRACK_SECRET_KEY": settings.SECRET_KEY}


def _total(values: Any) -> float | None:
    found = list(values)
    return None if None in found else sum(found)


def _cpu_seconds(pid: int) -> float | None:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(after_name[11]) + int(after_name[12])) / TICKS  # utime, stime


def _memory(pid: int, which: str) -> float | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((1024 * int(one.split()[1]) for one in lines if one.startswith(which)), None)


def machine_cpu() -> float:
    """Seconds that all processors of the machine were busy since it started; 0.0 if not told."""
    try:
        fields = Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    except OSError:
        return 0.0
    user, nice, system, _, _, irq, soft, _ = map(int, fields)
    return (user + nice + system + irq + soft) / 100
