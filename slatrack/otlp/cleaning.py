"""Cleaning: what makes a span unusable, and what is put right in silence.

Zero or short ids, and times that no clock shows, make a span unusable: it is set aside, its
neighbours are not. All else is mended, and the span's own bytes keep what was sent.
"""

from slatrack.otlp import wire
from slatrack.otlp.values import MAX_NAME, text

UNNAMED = "unnamed"
DAY = 86_400 * 10**9
EARLIEST = 946_684_800 * 10**9  # 2000-01-01: anything before is another unit than nanoseconds
NO_TRACE, NO_SPAN = bytes(16), bytes(8)
ERROR = 2  # Status.code


class Unusable(Exception):
    """A span that cannot be used; the text says why and what to do."""


def check_ids(trace_id: bytes, span_id: bytes) -> None:
    """Raise Unusable unless both ids are of the right length and not all zeros."""
    if len(trace_id) == 16 and len(span_id) == 8 and trace_id != NO_TRACE and span_id != NO_SPAN:
        return
    for what, identifier, length in (("trace id", trace_id, 16), ("span id", span_id, 8)):
        if len(identifier) != length:
            raise Unusable(f"its {what} has {len(identifier)} bytes instead of {length}")
    raise Unusable(f"its {'trace' if trace_id == NO_TRACE else 'span'} id is all zeros")


def times(start: int, end: int, latest: int) -> tuple[int, int]:
    """Return start and end in ns since 1970, mended: no start or a negative duration is none."""
    if EARLIEST <= start <= end <= latest:
        return start, end
    if start > latest or end > latest:
        raise Unusable("its time is more than a day in the future: check the sender's clock")
    if start < EARLIEST:
        start = end
    if start < EARLIEST:
        raise Unusable("it has no time, or one before 2000: times must be nanoseconds since 1970")
    return start, max(start, end)


def parent(parent_id: bytes, span_id: bytes) -> bytes:
    """Return the parent's id; empty for a root, which a span that names itself is as well."""
    if len(parent_id) != 8 or parent_id in (span_id, NO_SPAN):
        return b""
    return parent_id


class Names:
    """Span names by their bytes, cleaned once and shared: they repeat from span to span."""

    def __init__(self, limit: int = 20_000) -> None:
        self._limit = limit
        self._known: dict[bytes, str] = {}
        self.after_length: dict[bytes, str] = {}  # by the length and the bytes

    def learn(self, sized: bytes) -> str:
        """Return the name that follows its length, and remember it by both."""
        name = self.clean(sized[1:])
        if len(self.after_length) >= self._limit:
            self.after_length.clear()
        self.after_length[sized] = name
        return name

    def clean(self, raw: bytes) -> str:
        """Return the name as clean text, never empty."""
        known = self._known.get(raw)
        if known is not None:
            return known
        name = text(raw, MAX_NAME).strip() or UNNAMED
        if len(self._known) >= self._limit:
            self._known.clear()
        if len(raw) <= MAX_NAME:
            self._known[raw] = name
        return name


def failed(status: bytes) -> bool:
    """Whether a raw Status says error."""
    if not status:
        return False
    try:
        return bool(wire.Status.FromString(status).code == ERROR)
    except wire.DecodeError:
        return False
