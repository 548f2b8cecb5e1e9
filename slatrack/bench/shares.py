"""Shares: whose processor time it is where broker and database run on the machine that measures."""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
LISTENING = "0A"  # the state in /proc/net/tcp
HERE = ("", "localhost", "127.0.0.1", "::1")
PROC = Path("/proc")


def serving(host: str, port: int) -> int | None:
    """Return the process that listens on a port of this machine; None: elsewhere, or not told."""
    if host not in HERE:
        return None
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    found = [pid for pid in _processes() if not sockets.isdisjoint(_open_files(pid))]
    return min(found, default=None)  # a child may have inherited it


def family_seconds(pid: int | None) -> float | None:
    """Return the processor time of a process and all that it has started, those that ended too."""
    if pid is None or not _fields(pid):
        return None
    every = (_fields(one) for one in family(pid))
    # Its own, and what ended children took.
    return sum(sum(map(int, fields[11:15])) for fields in every if fields) / TICKS


def family(pid: int) -> list[int]:
    """Return a process and all that it has started that still run."""
    children: dict[int, list[int]] = defaultdict(list)
    for one in _processes():
        if fields := _fields(one):
            children[int(fields[1])].append(one)
    found = [pid]
    for one in found:
        found += children[one]
    return found


def pin(pid: int, cores: int) -> None:
    """Let a process that has just begun use only the first `cores` of the processors there are."""
    os.sched_setaffinity(pid, sorted(os.sched_getaffinity(0))[:cores])


def _listening(port: int) -> Iterator[str]:
    for name in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _processes() -> list[int]:
    try:
        return [int(one) for one in os.listdir(PROC) if one.isdigit()]
    except OSError:
        return []


def _open_files(pid: int) -> set[str]:
    """Return what a process has open; less where it is another user's, ends or closes something."""
    folder, found = PROC / str(pid) / "fd", set[str]()
    with suppress(OSError):
        for one in os.listdir(folder):
            with suppress(OSError):
                found.add(os.readlink(folder / one))
    return found


def _fields(pid: int) -> list[str]:
    """Return what /proc says of a process after its name: state, parent, …"""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
