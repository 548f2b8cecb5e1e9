"""The claim on a data folder: one process at a time may run embedded in it."""

import fcntl
import os
from pathlib import Path
from typing import TextIO


class FolderInUseError(Exception):
    """Another process runs with the same data folder."""


def claim(folder: Path) -> TextIO:
    """Claim the folder until the returned file is closed, or the process ends however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "running.pid").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise FolderInUseError(
            f"The data folder {folder} is in use by process {holder}. "
            "Stop that, or choose another folder: SLATRACK_DATA_DIR"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
