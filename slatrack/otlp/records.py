"""Records as nearly all senders write them: one resource, one scope, and the spans of both.

They are taken apart by hand, for of a record of few spans protobuf's objects cost as much as the
spans. What is written in another way has no other meaning: protobuf reads that.
"""

FIRST, SECOND, SCHEMA_URL = 0x0A, 0x12, 0x1A  # the tags of the fields 1, 2 and 3

Record = tuple[bytes, bytes, list[bytes]]  # resource, scope, spans


class _Otherwise(Exception):
    """Another field than the usual one, or a long one."""


def usual(data: bytes) -> Record | None:
    """Return what a record of less than 16 KB holds; None: it is written otherwise."""
    try:
        begin, end = _field(data, 0, FIRST)
        if end != len(data):
            return None
        resource, resource_end = _field(data, begin, FIRST)
        scope_spans, inner_end = _field(data, resource_end, SECOND)
        if inner_end != end and _field(data, inner_end, SCHEMA_URL)[1] != end:
            return None
        scope, scope_end = _field(data, scope_spans, FIRST)
        spans = _members(data, scope_end, inner_end)
    except (IndexError, _Otherwise):
        return None
    return data[resource:resource_end], data[scope:scope_end], spans


def _field(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """Return where the content of the field at `at` begins and ends."""
    size = data[at + 1]
    if data[at] != tag:
        raise _Otherwise
    if size < 128:
        return at + 2, at + 2 + size
    more = data[at + 2]
    if more > 127:
        raise _Otherwise
    return at + 3, at + 3 + (size & 127 | more << 7)


def _members(data: bytes, at: int, end: int) -> list[bytes]:
    """Return the spans from `at` to `end`, where a schema URL may follow them."""
    found: list[bytes] = []
    while at < end:
        if data[at] != SECOND:
            _, at = _field(data, at, SCHEMA_URL)
            break
        size, begin = data[at + 1], at + 2
        if size > 127:
            more, begin = data[begin], at + 3
            if more > 127:
                raise _Otherwise
            size = size & 127 | more << 7
        at = begin + size
        found.append(data[begin:at])
    if at != end:
        raise _Otherwise
    return found
