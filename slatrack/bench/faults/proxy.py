"""A TCP proxy between one process and PostgreSQL: cut, silent, slow, or failing inside a COMMIT."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # a simple query, as psycopg sends it
RECORDING = b"tracking_spanblock"  # in the statements of a transaction that stores spans
WRITING = (b"INSERT", b"UPDATE", b"DELETE")  # of one that writes at all
PIECE = 65_536

AtCommit = Callable[["Link"], None]


class Link:
    """One proxied connection. `swallow` the answer that comes next, and the connection with it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.swallow = self.counts = False

    def close(self) -> None:
        """Cut both sides, at once."""
        for side in (self.client, self.server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()


class Proxy:
    """Listens on a free port of this machine and passes on what comes, but for what is set here.

    `at_commit` is called once, before the COMMIT of a transaction that counts is passed on: one
    whose statements hold any of `counts`, which is one that stores spans where nothing else is
    said. `delay` is how long answers to a COMMIT take longer, in seconds.
    """

    def __init__(self, host: str, port: int, counts: Sequence[bytes] = (RECORDING,)) -> None:
        self._to, self.counts = (host, port), counts
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.delay = 0.0
        self.at_commit: AtCommit | None = None
        self.refusing = False
        self.commits = 0
        self._flowing = threading.Event()
        self._flowing.set()
        self._links: set[Link] = set()

    def __enter__(self) -> "Proxy":
        self._thread(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self._flowing.set()
        self.cut()

    def cut(self) -> None:
        """Cut all connections."""
        for link in list(self._links):
            self._end(link)

    def silence(self) -> None:
        """Pass nothing on, without a word: a network that swallows packets."""
        self._flowing.clear()

    def resume(self) -> None:
        """Pass on again, also what was held back."""
        self._flowing.set()

    def _thread(self, target: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=target, args=arguments, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.refusing:
                client.close()
                continue
            try:
                link = Link(client, socket.create_connection(self._to, timeout=5))
            except OSError:  # the server is away: so is this
                client.close()
                continue
            self._begin(link)

    def _begin(self, link: Link) -> None:
        for side in (link.client, link.server):
            side.settimeout(None)
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._links.add(link)
        self._thread(self._pump, link, link.client, link.server, self._asked)
        self._thread(self._pump, link, link.server, link.client, self._answered)

    def _pump(
        self,
        link: Link,
        source: socket.socket,
        target: socket.socket,
        passes: Callable[[Link, bytes], bool],
    ) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE):
                self._flowing.wait()
                if not passes(link, data):
                    break
                target.sendall(data)
        self._end(link)

    def _end(self, link: Link) -> None:
        self._links.discard(link)
        link.close()

    def _asked(self, link: Link, data: bytes) -> bool:
        link.counts = link.counts or any(one in data for one in self.counts)
        if not data.endswith(COMMIT):
            return True
        if link.counts:
            self.commits += 1
            then, self.at_commit = self.at_commit, None
            if then is not None:
                then(link)
        link.counts = False
        if self.delay:
            time.sleep(self.delay)
        return True

    def _answered(self, link: Link, data: bytes) -> bool:
        return not link.swallow
