"""Bodies of requests: decompressed piece by piece, counted, given up once they are too large."""

import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

import zstandard

PIECE = 65_536  # bytes read at a time; a piece of a bomb may grow to a thousand times that


class TooLargeError(Exception):
    """More bytes than are accepted, counted after decompression."""


class BadCompressionError(ValueError):
    """Bytes that are not what Content-Encoding says."""


class UnknownCompressionError(ValueError):
    """A Content-Encoding that nobody here knows."""


def read_body(stream: BinaryIO, encoding: str, *, limit: int) -> bytes:
    """Return the decompressed body; never holds much more than `limit` bytes."""
    reader = READERS.get(encoding.strip().lower())
    if reader is None:
        raise UnknownCompressionError(f"Content-Encoding {encoding!r} is not known: use gzip, zstd")
    parts, size = [], 0
    try:
        for part in reader(stream):
            size += len(part)
            if size > limit:
                raise TooLargeError(f"more than {limit:,} B after decompression")
            parts.append(part)
    except (zlib.error, zstandard.ZstdError, EOFError) as exc:
        raise BadCompressionError(f"the body is damaged or not {encoding}: {exc}") from exc
    return b"".join(parts)


def _plain(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(PIECE):
        yield piece


def _inflated(stream: BinaryIO, window: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(window)
    for piece in _plain(stream):
        while piece:
            if inflater.eof:  # gzip may have several members
                inflater = zlib.decompressobj(window)
            yield inflater.decompress(piece, PIECE)
            piece = inflater.unconsumed_tail or inflater.unused_data
    if not inflater.eof:
        raise EOFError("it is cut off")


def _gzip(stream: BinaryIO) -> Iterator[bytes]:
    return _inflated(stream, 16 + zlib.MAX_WBITS)


def _deflate(stream: BinaryIO) -> Iterator[bytes]:
    return _inflated(stream, zlib.MAX_WBITS)


def _zstd(stream: BinaryIO) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    reader = decompressor.stream_reader(stream, read_size=PIECE, read_across_frames=True)
    while piece := reader.read(PIECE):
        yield piece


READERS: dict[str, Callable[[BinaryIO], Iterator[bytes]]] = {
    "": _plain,
    "identity": _plain,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}
