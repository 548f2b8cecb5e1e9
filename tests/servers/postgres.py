"""A real PostgreSQL of its own, run as a user without privileges."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .process import LOOPBACK, Missing, answers, free_port, running, unprivileged


class Database:
    """A PostgreSQL that can be stopped and started again; its data and address stay."""

    def __init__(self, folder: Path) -> None:
        self._programs, self._user = _programs(), unprivileged()
        self._folder, self._port = folder, free_port()
        # Not in pytest's folder: each start of another pytest forbids that one to its user.
        self._home = tempfile.TemporaryDirectory(prefix="slatrack-postgres-")
        self._data = Path(self._home.name)
        self.url = f"postgresql://slatrack@{LOOPBACK}:{self._port}/slatrack"
        self._running = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            shutil.chown(self._data, self._user)
        initdb = [self._programs / "initdb", "-D", self._data, "-U", "slatrack", "-A", "trust"]
        subprocess.run(
            [*initdb, "-E", "UTF8", "-N"],
            check=True,
            capture_output=True,
            user=self._user,
            cwd="/",
        )

    def start(self) -> None:
        """Run until `stop`; returns once it accepts connections."""
        command = [str(self._programs / "postgres"), "-D", str(self._data)]
        self._process = self._running.enter_context(
            running(
                [*command, *_options(self._port, self._data)],
                log=self._folder / "postgres.out",
                ready=lambda: answers(self._port) and _accepts(self._programs, self._port),
                user=self._user,
            )
        )

    def create(self) -> None:
        _create_database(self._programs, self._port)

    def stop(self) -> None:
        """Cut all connections and stop."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
        self._running.close()


@contextmanager
def real(folder: Path) -> Iterator[str]:
    """Yield the URL of a fresh PostgreSQL with an empty database `slatrack`."""
    database = Database(folder)
    try:
        database.start()
        database.create()
        yield database.url
    finally:
        database.stop()


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    here = shutil.which("initdb")
    if here:
        return Path(here).resolve().parent
    if not found:
        raise Missing("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


def _options(port: int, data: Path) -> list[str]:
    chosen = {
        "port": port,
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": data,
        "max_connections": 200,
    }
    if not os.environ.get("SLATRACK_TEST_POSTGRES_DURABLE"):  # no test pulls the plug
        chosen |= {"fsync": "off", "full_page_writes": "off"}
    for setting in os.environ.get("SLATRACK_TEST_POSTGRES_SETTINGS", "").split():
        name, _, value = setting.partition("=")  # e.g. "shared_buffers=1GB max_wal_size=8GB"
        chosen[name] = value
    return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]


def _accepts(programs: Path, port: int) -> bool:
    asked = [programs / "pg_isready", "-q", "-h", LOOPBACK, "-p", str(port)]
    return subprocess.run(asked, check=False).returncode == 0


def _create_database(programs: Path, port: int) -> None:
    subprocess.run(
        [programs / "createdb", "-h", LOOPBACK, "-p", str(port), "-U", "slatrack", "slatrack"],
        check=True,
        capture_output=True,
        cwd="/",
    )
