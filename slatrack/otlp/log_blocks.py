"""Blocks of log records, packed like those of spans: alike next to alike, sorted by trace."""

from collections import defaultdict
from collections.abc import Container, Sequence

from slatrack.otlp import frames, wire
from slatrack.otlp.frames import BlockDamagedError
from slatrack.otlp.log_decoding import LogRecord

MAGIC = b"SLL1"


def pack(logs: Sequence[LogRecord]) -> bytes:
    """Return a block of these log records; their order within a trace is kept."""
    groups: dict[tuple[bytes, bytes], list[LogRecord]] = defaultdict(list)
    for one in logs:
        groups[one.raw_resource, one.raw_scope].append(one)
    return frames.pack(
        MAGIC,
        (
            (*origin, [one.raw for one in sorted(members, key=_by_trace)])
            for origin, members in groups.items()
        ),
    )


def _by_trace(one: LogRecord) -> bytes:
    return one.trace_id


def unpack(data: bytes, trace_ids: Container[bytes] | None = None) -> list[LogRecord]:
    """Return the log records of these traces (None: of all); BlockDamagedError if unreadable."""
    packed = bytes(data)  # PostgreSQL gives a memoryview
    found = []
    try:
        for resource, scope, raw in frames.unpack(MAGIC, packed):
            trace_id = wire.SlimLog.FromString(raw).trace_id
            if trace_ids is None or trace_id in trace_ids:
                found.append(LogRecord(trace_id, raw, resource, scope))
    except wire.DecodeError as exc:
        raise BlockDamagedError(f"a block of {len(packed):,} B is damaged: {exc}") from exc
    return found


def span_of(one: LogRecord) -> bytes:
    """Return the id of the span that a stored log record names; empty where it names none."""
    return bytes(wire.SlimLog.FromString(one.raw).span_id)


__all__ = ["BlockDamagedError", "pack", "span_of", "unpack"]
