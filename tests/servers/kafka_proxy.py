"""A way to Kafka on which the broker can be made to name no broker, and hang up.

So answers one that has just woken up and is not let back into its cluster yet. Clients stay on this
way, for the broker's own address is replaced in what it says. Wire format: Kafka's protocol guide,
Metadata and FindCoordinator in their flexible versions.
"""

import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from slatrack.bench.faults.proxy import Link, Proxy

METADATA, FIND_COORDINATOR = 3, 10
FLEXIBLE = 9  # the first such version of Metadata
LEADER_NOT_AVAILABLE = 5
NOBODY = -1


class KafkaProxy(Proxy):
    """Passes on what comes to `address`, a broker's.

    While it is `forgetting`, who asks for brokers is named none and hung up on.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        super().__init__(host, int(port))
        self.address = f"127.0.0.1:{self.port}"
        self.forgetting = False
        self._moved = [host.encode() + struct.pack(">i", one) for one in (int(port), self.port)]
        self._wanted: dict[tuple[Link, bytes], tuple[int, int]] = {}  # by correlation id

    def _pump(
        self,
        link: Link,
        source: socket.socket,
        target: socket.socket,
        passes: Callable[[Link, bytes], bool],
    ) -> None:
        with suppress(OSError):
            while frame := _frame(source):
                last = False
                if source is link.client:
                    self._wanted[link, frame[4:8]] = struct.unpack_from(">hh", frame)
                else:
                    frame, last = self._answer(frame, *self._wanted.pop((link, frame[:4])))
                _send(target, frame)
                if last:
                    break
        self._end(link)

    def _answer(self, frame: bytes, what: int, version: int) -> tuple[bytes, bool]:
        """Return what the broker answers on this way, and whether it is its last word."""
        if what in (METADATA, FIND_COORDINATOR):
            frame = frame.replace(*self._moved)
        if what == METADATA and self.forgetting:
            return without_brokers(frame, version), True
        return frame, False


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
