"""A way to Kafka on which the broker can be made to name no broker, and hang up.

So answers one that has just woken up and is not let back into its cluster yet. Clients stay on this
way, for the broker's own address is replaced in what it says. Wire format: Kafka's protocol guide,
Metadata and FindCoordinator in their flexible versions.
"""

import socket
import struct
import threading
from contextlib import suppress

METADATA, FIND_COORDINATOR = 3, 10
FLEXIBLE = 9  # the first such version of Metadata
LEADER_NOT_AVAILABLE = 5
NOBODY = -1
OPERATIONS = (8, 10)  # first and last version that tells what the asker may do with the cluster


class KafkaProxy:
    """Passes on what comes to `address`, a broker's.

    While it is `forgetting`, who asks for brokers is named none and hung up on.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._to = host, int(port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._port = int(self._listening.getsockname()[1])
        self.address = f"127.0.0.1:{self._port}"
        self.forgetting = False

    def __enter__(self) -> "KafkaProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(self._to, timeout=5)
            server.settimeout(None)
            asked: dict[bytes, tuple[int, int]] = {}  # what, in which version, by correlation id
            for pump in (self._ask, self._answer):
                threading.Thread(target=pump, args=(client, server, asked), daemon=True).start()

    def _ask(
        self, client: socket.socket, server: socket.socket, asked: dict[bytes, tuple[int, int]]
    ) -> None:
        with suppress(OSError), client, server:
            while frame := _frame(client):
                what, version = struct.unpack_from(">hh", frame)
                asked[frame[4:8]] = what, version
                _send(server, frame)

    def _answer(
        self, client: socket.socket, server: socket.socket, asked: dict[bytes, tuple[int, int]]
    ) -> None:
        with suppress(OSError), client, server:
            while frame := _frame(server):
                what, version = asked.pop(frame[:4], (0, 0))
                if what in (METADATA, FIND_COORDINATOR):
                    frame = self._moved(frame)
                last = what == METADATA and self.forgetting
                _send(client, without_brokers(frame, version) if last else frame)
                if last:
                    return

    def _moved(self, frame: bytes) -> bytes:
        host, port = self._to
        said, instead = (host.encode() + struct.pack(">i", one) for one in (port, self._port))
        return frame.replace(said, instead)


def without_brokers(frame: bytes, version: int) -> bytes:
    """Return an answer to Metadata that names no broker and no leader, but the same topics."""
    if version < FLEXIBLE:
        raise ValueError(f"answers to Metadata in version {version} are not understood")
    at = _Cursor(frame, 4 + 1 + 4)  # correlation id, no tags, throttle time
    head = bytes(frame[: at.place])
    for _ in range(at.length()):
        at.skip(4)
        at.text()
        at.skip(4)
        at.text()
        at.tags()
    begin = at.place
    at.text()
    patched = bytearray(frame)
    struct.pack_into(">i", patched, at.place, NOBODY)  # the controller
    at.skip(4)
    for _ in range(at.length()):
        at.skip(2)
        at.text()
        at.skip((16 if version > FLEXIBLE else 0) + 1)
        for _ in range(at.length()):
            struct.pack_into(">h", patched, at.place, LEADER_NOT_AVAILABLE)
            struct.pack_into(">i", patched, at.place + 6, NOBODY)
            at.skip(2 + 4 + 4 + 4)
            for _ in range(3):
                at.skip(4 * at.length())
            at.tags()
        at.skip(4)
        at.tags()
    return head + b"\x01" + bytes(patched[begin:])


class _Cursor:
    """Where one is in a message."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data, self.place = data, place

    def skip(self, count: int) -> None:
        self.place += count

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self._data[self.place]
            self.place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def length(self) -> int:
        """That of a compact array; none is an empty one."""
        return max(0, self.number() - 1)

    def text(self) -> None:
        self.skip(self.length())

    def tags(self) -> None:
        for _ in range(self.number()):
            self.number()
            self.skip(self.number())


def _frame(side: socket.socket) -> bytes:
    size = _exactly(side, 4)
    return _exactly(side, struct.unpack(">i", size)[0]) if size else b""


def _exactly(side: socket.socket, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        some = side.recv(count - len(found))
        if not some:
            return b""
        found += some
    return bytes(found)


def _send(side: socket.socket, frame: bytes) -> None:
    side.sendall(struct.pack(">i", len(frame)) + frame)
