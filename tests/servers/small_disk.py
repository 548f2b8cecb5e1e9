"""A small file system of its own, which is soon full, and databases on it.

Mounting it needs root, or sudo without a password; else its tests are skipped, and fail in CI.
"""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.servers.process import Missing, unprivileged

SIZE = 96  # MB


@contextmanager
def mounted() -> Iterator[Path]:
    """Yield its folder; raises Missing where nothing may be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="slatrack-disk-"))
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    options = f"size={SIZE}m,mode=1777"
    mount = [*sudo, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (subprocess.CalledProcessError, OSError) as error:
        folder.rmdir()
        raise Missing(f"mounting a tmpfs needs root, or sudo without a password: {error}") from None
    yield folder
    subprocess.run([*sudo, "umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Let not one byte be left on it, until the block ends."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while file.write(bytes(size)):
                    continue
    assert shutil.disk_usage(disk).free == 0
    yield
    ballast.unlink()


@contextmanager
def moved(url: str, database: str, disk: Path) -> Iterator[None]:
    """Have a PostgreSQL keep a database on the disk, but not its log; it is dropped at the end.

    The server at `url` runs on this machine, and as `unprivileged` if this is root. Meanwhile
    nothing is vacuumed: pages that this frees would let something small in on a full disk.
    """
    folder, space = disk / "postgres", f"small_{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    if user := unprivileged():
        shutil.chown(folder, user)
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET autovacuum = off")
        admin.execute("SELECT pg_reload_conf()")
        admin.execute(f"CREATE TABLESPACE {space} LOCATION '{folder}'")
        admin.execute(f"ALTER DATABASE {database} SET TABLESPACE {space}")
        yield
        admin.execute("ALTER SYSTEM RESET autovacuum")
        admin.execute("SELECT pg_reload_conf()")
        admin.execute(f"DROP DATABASE {database} WITH (FORCE)")
        admin.execute(f"DROP TABLESPACE {space}")
