"""The dictionaries that rows are squeezed with, as each process has them in memory.

A zstd frame names its dictionary. A process that meets a name it does not know reads that row, and
looks every few seconds whether there is a newer one to write with. What it writes with is committed
and still there: it looks again whenever a connection is made, for the database may then be another,
restored from a backup. An id never means other bytes (dictionary_models), so reading need not ask.
"""

import logging
import threading
from collections.abc import Callable
from functools import lru_cache
from time import monotonic
from typing import Any

import zstandard
from django.db.backends.signals import connection_created
from zstandard import ZstdCompressionParameters as _Parameters

from slatrack.otlp.frames import UnknownDictionaryError
from slatrack.tracking.dictionary_models import Dictionary, Kind

logger = logging.getLogger(__name__)

FRESH = 20.0  # seconds before a process looks again for a newer one
# Tables of 32 and 16 kB: levels make as few bytes with some that stay in no core's cache (ADR 120).
_SMALL: dict[str, Any] = {
    "window_log": 17, "chain_log": 12, "hash_log": 12, "search_log": 1, "target_length": 0,
    "write_content_size": True, "write_dict_id": True,
}  # fmt: skip
_PARAMETERS = {
    Kind.STATE: _Parameters(strategy=zstandard.STRATEGY_DFAST, min_match=4, **_SMALL),
    Kind.PARTS: _Parameters(strategy=zstandard.STRATEGY_FAST, min_match=5, **_SMALL),
}
LEVEL = 1  # of raw spans
MOST_READ = 200  # dictionaries that a process has for reading, 60 kB each
MOST_OPEN = 16  # of them, with all that reading needs, for each thread

Work = Callable[[Any], bytes]


class _Newest:
    """Which dictionary to write with, by kind; None: without one."""

    def __init__(self) -> None:
        self.until = dict.fromkeys(Kind, 0.0)
        self.ids: dict[Kind, int | None] = dict.fromkeys(Kind)


class _Own(threading.local):
    """Each thread's own, for no two may use the same."""

    def __init__(self) -> None:
        self.squeeze: dict[Kind, tuple[int, Work]] = {}
        self.open: dict[int, Work] = {}


_newest = _Newest()
_own = _Own()


def squeezer(kind: Kind) -> Work | None:
    """Return what squeezes bytes with the newest dictionary of this kind; None if there is none."""
    if monotonic() >= _newest.until[kind]:
        _look(kind)
    number = _newest.ids[kind]
    if number is None:
        return None
    known = _own.squeeze.get(kind)
    if known is None or known[0] != number:
        known = _own.squeeze[kind] = number, compressor(kind, _for_writing(number, kind)).compress
    return known[1]


def opener(number: int) -> Work:
    """Return what opens frames of this dictionary; UnknownDictionaryError where it is lost."""
    known = _own.open.get(number)
    if known is None:
        opening = zstandard.ZstdDecompressor(dict_data=find(number)).decompress
        if len(_own.open) >= MOST_OPEN:
            _own.open.clear()
        known = _own.open[number] = opening
    return known


@lru_cache(maxsize=MOST_READ)
def find(number: int) -> zstandard.ZstdCompressionDict:
    """Return the dictionary of this id; UnknownDictionaryError where it is lost."""
    data = Dictionary.objects.filter(id=number).values_list("data", flat=True).first()
    found = None if data is None else zstandard.ZstdCompressionDict(bytes(data))
    if found is None or found.dict_id() != number:
        raise UnknownDictionaryError(number)
    return found


def compressor(kind: Kind, data: zstandard.ZstdCompressionDict) -> zstandard.ZstdCompressor:
    """Return what squeezes rows of this kind with a dictionary. One thread's own."""
    if parameters := _PARAMETERS.get(kind):
        return zstandard.ZstdCompressor(compression_params=parameters, dict_data=data)
    return zstandard.ZstdCompressor(level=LEVEL, dict_data=data, write_checksum=True)


def prepared(kind: Kind, data: bytes) -> zstandard.ZstdCompressionDict:
    """Return a dictionary that is ready for writing, in any thread."""
    ready = zstandard.ZstdCompressionDict(data)
    if parameters := _PARAMETERS.get(kind):
        ready.precompute_compress(compression_params=parameters)
    else:
        ready.precompute_compress(level=LEVEL)
    return ready


@lru_cache(maxsize=2 * len(Kind))
def _for_writing(number: int, kind: Kind) -> zstandard.ZstdCompressionDict:
    return prepared(kind, find(number).as_bytes())


def _look(kind: Kind) -> None:
    """Find out which is the newest. Two threads may do so at once, and find the same."""
    looked = monotonic()
    ids = Dictionary.objects.filter(kind=kind).order_by("-number").values_list("id", flat=True)
    number = ids.first()
    try:
        _newest.ids[kind] = number if number is None else find(number).dict_id()
    except (UnknownDictionaryError, zstandard.ZstdError):
        logger.exception("dictionary %s cannot be read; rows are written without one", number)
        _newest.ids[kind] = None
    _newest.until[kind] = looked + FRESH


def look_again(**_: Any) -> None:
    """Look for the newest ones before the next row is written."""
    _newest.until.update(dict.fromkeys(Kind, 0.0))


def forget() -> None:
    """Read afresh whatever is needed next."""
    look_again()
    find.cache_clear()
    _for_writing.cache_clear()
    _own.squeeze.clear()
    _own.open.clear()


connection_created.connect(look_again, dispatch_uid="slatrack.dictionaries")
