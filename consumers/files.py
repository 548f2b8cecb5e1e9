"""Files of spans: OTLP JSON lines, OTLP protobuf (one request, or many with their lengths), packed.

What a file is, is found out from its bytes, never from its name.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import zstandard

from slatrack.otlp import wire
from slatrack.otlp.json_messages import BLANK, looks_like

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
LARGEST = 64 * 1024 * 1024  # bytes of a line or request
PIECE = 1 << 20
DAMAGED = (zlib.error, zstandard.ZstdError, EOFError, gzip.BadGzipFile)


class Part(NamedTuple):
    """One request of a file; `line` counts lines of JSON, or requests of protobuf, from 1."""

    line: int
    data: bytes
    encoding: str
    problem: str = ""  # why the rest of the file cannot be read


def parts(path: Path | BinaryIO) -> Iterator[Part]:
    """Return the requests in a file or stream, one at a time."""
    if isinstance(path, Path):
        with path.open("rb") as file:
            yield from _parts(_unpacked(file))
    else:
        yield from _parts(_unpacked(path))


def _unpacked(file: BinaryIO) -> "io.BufferedReader[Any]":
    stream = io.BufferedReader(cast(Any, file), PIECE)
    begin = stream.peek(4)[:4]
    if begin.startswith(GZIP):
        return io.BufferedReader(cast(Any, gzip.GzipFile(fileobj=stream)), PIECE)
    if begin == ZSTD:
        reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
        return io.BufferedReader(cast(Any, reader), PIECE)
    return stream


def _parts(stream: "io.BufferedReader[Any]") -> Iterator[Part]:
    number = 0
    try:
        begin = _skip_nul(stream)
        is_json = looks_like(begin.lstrip(BLANK))
        for part in _lines(stream) if is_json else _requests(stream):
            number = part.line
            yield part
    except DAMAGED as exc:
        yield Part(number + 1, b"", "auto", f"the file is damaged or cut off here: {exc}")


def _skip_nul(stream: "io.BufferedReader[Any]") -> bytes:
    """Skip NUL bytes, which a crash leaves where a file was being written; return what follows."""
    while begin := stream.peek(PIECE):
        if begin.strip(b"\0"):
            stream.read(len(begin) - len(begin.lstrip(b"\0")))
            return stream.peek(64)
        stream.read(len(begin))
    return b""


def _lines(stream: "io.BufferedReader[Any]") -> Iterator[Part]:
    """A document a line; a document over several lines is one part, as indented files have it."""
    number, pending, begun = 0, b"", 0
    while line := stream.readline(LARGEST + 1):
        number += 1
        if not pending and not line.strip(BLANK):
            continue
        begun = begun or number
        if pending or _opens(line):
            pending += line
            if _closed(pending) or len(pending) > LARGEST:
                yield Part(begun, pending, "otlp_json")
                pending, begun = b"", 0
        else:
            yield Part(number, line, "otlp_json")
            begun = 0
    if pending:
        yield Part(begun, pending, "otlp_json")


def _opens(line: bytes) -> bool:
    """Whether an indented document begins here: a line that holds only its opening."""
    return line.strip(BLANK) in (b"{", b"[") or line.strip(BLANK).endswith((b": [", b": {"))


def _closed(document: bytes) -> bool:
    return document.rstrip(BLANK).endswith((b"\n}", b"\n]"))


def _requests(stream: "io.BufferedReader[Any]") -> Iterator[Part]:
    """One request that fills the file, or many, each after its length as a varint."""
    begin = stream.peek(PIECE)
    if begin and not _is_delimited(begin):
        yield Part(1, stream.read(LARGEST + 1), "otlp_proto")
        return
    number = 0
    while (length := _varint(stream)) is not None:
        number += 1
        data = stream.read(length) if length <= LARGEST else b""
        if len(data) < length:
            yield Part(number, data, "otlp_proto", f"request {number} claims {length:,} B: cut off")
            return
        yield Part(number, data, "otlp_proto")


def _is_delimited(begin: bytes) -> bool:
    """Whether a length comes first: then a request (0x0A: resource_spans) follows it directly.

    A bare request begins with 0x0A too, so what decides is whether the first request, taken by its
    length, can be read.
    """
    stream = io.BytesIO(begin)
    length = _varint(stream)
    if length is None or not 0 < length <= LARGEST:
        return False
    first = stream.read(length)
    if len(first) < length:  # longer than what was peeked at
        return first[:1] == b"\x0a" and begin[:1] != b"\x0a"
    try:
        return bool(wire.Request.FromString(first).resource_spans) and not _fills(begin)
    except wire.DecodeError:
        return False


def _fills(data: bytes) -> bool:
    """Whether `data` as a whole is one request with scopes in it."""
    try:
        request = wire.Request.FromString(data)
    except wire.DecodeError:
        return False
    return any(entry.scope_spans for entry in request.resource_spans)


def _varint(stream: BinaryIO) -> int | None:
    number = 0
    for place in range(10):
        byte = stream.read(1)
        if not byte:
            return None
        number |= (byte[0] & 0x7F) << (7 * place)
        if byte[0] < 128:
            return number
    return None
