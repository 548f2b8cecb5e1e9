"""Rereading: stored spans decoded once more, because more is wanted of them now."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from slatrack.domain.spans import Span
from slatrack.otlp import wire
from slatrack.otlp.blocks import StoredSpan
from slatrack.otlp.decoding import Wanted, decode
from slatrack.otlp.values import MAX_NAME, text
from slatrack.otlp.vocabulary import NEWEST

MOST_BYTES = 16_000_000  # of one request that is made up


def reread(stored: Iterable[StoredSpan], *, wanted: Wanted, now: datetime) -> list[Span]:
    """Return the spans as they would be read if they came now. What is unreadable is left out."""
    return [
        span
        for request in _requests(stored)
        for span in decode(request, encoding="otlp_proto", wanted=wanted, now=now).spans
    ]


def _requests(stored: Iterable[StoredSpan]) -> Iterable[bytes]:
    groups: dict[tuple[bytes, bytes], list[bytes]] = defaultdict(list)
    size = 0
    for one in stored:
        groups[one.raw_resource, one.raw_scope].append(one.raw)
        size += len(one.raw)
        if size >= MOST_BYTES:
            yield _request(groups)
            groups.clear()
            size = 0
    if groups:
        yield _request(groups)


def _request(groups: dict[tuple[bytes, bytes], list[bytes]]) -> bytes:
    request = wire.Request()
    for (resource, scope), raws in groups.items():
        entry = request.resource_spans.add(resource=resource)
        entry.scope_spans.add(scope=scope, spans=raws)
    return bytes(request.SerializeToString())


def attribute_names(stored: Sequence[StoredSpan], *, most: int) -> frozenset[str]:
    """Return the names of the commonest attributes, under their newest names.

    A sender may invent names without end: the rarest are left out.
    """
    counts: Counter[bytes] = Counter()
    for one in stored:
        for raw in wire.SlimSpan.FromString(one.raw).attributes:
            key = _key(raw)
            if 0 < len(key) <= MAX_NAME:
                counts[key] += 1
    names = (text(key, MAX_NAME) for key, _ in counts.most_common(most))
    return frozenset(NEWEST.get(name, name) for name in names)


def _key(raw: bytes) -> bytes:
    if len(raw) > 1 and raw[0] == 0x0A and raw[1] < 128:
        return raw[2 : 2 + raw[1]]
    try:
        return bytes(wire.KeyValue.FromString(raw).key)
    except wire.DecodeError:
        return b""
