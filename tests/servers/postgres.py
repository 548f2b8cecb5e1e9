"""A real PostgreSQL of its own, run as a user without privileges."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .process import LOOPBACK, Missing, answers, free_port, running, unprivileged


@contextmanager
def real(folder: Path) -> Iterator[str]:
    """Yield the URL of a fresh PostgreSQL with an empty database `slatrack`."""
    programs = _programs()
    user = unprivileged()
    data = folder / "data"
    data.mkdir()
    if user:
        shutil.chown(data, user)
        for parent in (folder, *folder.parents):
            if parent.is_relative_to("/tmp") and parent != Path("/tmp"):  # noqa: S108
                parent.chmod(parent.stat().st_mode | 0o011)
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "slatrack", "-A", "trust", "-E", "UTF8", "-N"],
        check=True,
        capture_output=True,
        user=user,
        cwd="/",
    )
    port = free_port()
    url = f"postgresql://slatrack@{LOOPBACK}:{port}/slatrack"
    with running(
        [str(programs / "postgres"), "-D", str(data), *_options(port, data)],
        log=folder / "postgres.out",
        ready=lambda: answers(port) and _accepts(programs, port),
        user=user,
    ):
        _create_database(programs, port)
        yield url


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
        "fsync": "off",
        "full_page_writes": "off",
        "max_connections": 200,
    }
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
