"""Stop and start the servers of `python -m tests.servers` from inside the command that it runs:

`python -m tests.servers.control stop|start kafka|postgres|redis`. Returns once it is done.
"""

import os
import socket
import socketserver
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

VARIABLE = "TEST_SERVERS_CONTROL"  # the path of a Unix socket


class Stoppable(Protocol):
    """A server that keeps its data and address while it is stopped."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


@contextmanager
def listening(servers: dict[str, Stoppable]) -> Iterator[str]:
    """Obey `ask` for these servers; yields the path to ask at."""

    class Asked(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            action, name = self.rfile.readline().decode().split()
            getattr(servers[name], {"stop": "stop", "start": "start"}[action])()
            self.wfile.write(b"done\n")

    with tempfile.TemporaryDirectory(prefix="slatrack-control-") as folder:
        path = str(Path(folder) / "socket")
        with socketserver.ThreadingUnixStreamServer(path, Asked) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield path
            server.shutdown()


def ask(action: str, name: str) -> None:
    """Have a server stopped or started."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(os.environ[VARIABLE])
        asking.sendall(f"{action} {name}\n".encode())
        if asking.makefile().readline() != "done\n":
            raise RuntimeError(f"{name} could not be told to {action}")


if __name__ == "__main__":
    ask(*sys.argv[1:3])
