"""Replays: spans and log records from files, and what was set aside, fed in as if received.

While a replay runs the watermark stands at the oldest span that it has brought: what the rest of
the file proves is not yet known, so nothing may be called missed for it.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from consumers.files import Part
from consumers.intake import EITHER, Accepted, Batch, Received, Record, take, wanted
from slatrack.domain.spans import Span
from slatrack.otlp.decoding import Decoder, Undecodable
from slatrack.tracking import sources
from slatrack.tracking.models import SetAside
from slatrack.tracking.recorder import record
from slatrack.tracking.setting_aside import mark_replayed

logger = logging.getLogger(__name__)

BATCH = 10_000  # spans


@dataclass(frozen=True, slots=True)
class Counts:
    """What a replay did."""

    read: int = 0  # lines or requests
    spans: int = 0
    log_records: int = 0
    new: int = 0
    duplicates: int = 0
    rejected: int = 0
    set_aside: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        mine, theirs = asdict(self), asdict(other)
        return Counts(**{name: mine[name] + theirs[name] for name in mine})


class Replay:
    """One replay under way. Use as a context: while it lives it holds the watermark back."""

    def __init__(
        self, *, clock: Callable[[], datetime], owner: str = "replay", record: Record = record
    ) -> None:
        self.counts = Counts()
        self.problems: list[str] = []
        self._clock, self._owner, self._record = clock, owner, record
        self._batch = Batch()

    def __enter__(self) -> "Replay":
        self._claim = sources.start_replay(self._owner, now=self._clock())
        self._watermark = self._clock()
        return self

    def __exit__(self, *exc: object) -> None:
        sources.end_replay(self._claim)

    def feed(self, name: str, parts: Iterable[Part]) -> None:
        """Record all that `parts` of the file `name` hold."""
        for part in parts:
            self._add(name, part)
            if len(self._batch.spans) + self._batch.log_records >= BATCH:
                self._flush()
        self._flush()

    def _add(self, name: str, part: Part) -> None:
        received = Received("file", part.data, part.encoding, name, 0, part.line, EITHER)
        before = len(self._batch.asides)
        if part.problem:
            self._batch.unreadable += 1
            self._batch.asides.append(received.aside(f"{name}:{part.line}: {part.problem}"))
        else:
            self._batch.add(received, Decoder(wanted(), self._clock()))
        self.counts += Counts(read=1)
        for number in range(before, len(self._batch.asides)):
            aside = self._batch.asides[number]
            if not aside.reason.startswith(name):
                aside = replace(aside, reason=f"{name}:{part.line}: {aside.reason}")
                self._batch.asides[number] = aside
            self.problems.append(aside.reason)

    def _flush(self) -> None:
        batch, self._batch = self._batch, Batch()
        now = self._clock()
        self._watermark = min([self._watermark, *_oldest(batch.spans)])
        advance = sources.Advance(self._claim.name, self._claim.epoch, None, self._watermark)
        done = self._record(
            batch.spans, now=now, offsets=[advance], set_aside=batch.asides, logs=batch.logs
        )
        self.counts += Counts(
            spans=len(batch.spans),
            log_records=batch.log_records,
            new=done.new,
            duplicates=done.duplicates,
            rejected=batch.rejected,
            set_aside=len(batch.asides),
        )


def _oldest(spans: Iterable[Span]) -> list[datetime]:
    starts = [span.start for span in spans]
    return [datetime.fromtimestamp(min(starts) // 10**9, UTC)] if starts else []


def replay_set_aside(row: SetAside, *, now: datetime) -> Accepted:
    """Feed in a record that was set aside. It is done with once all that it holds is recorded.

    Raises Undecodable while it still cannot be read, Unavailable while the database is away.
    """
    received = Received("replay", bytes(row.data), row.encoding or "auto", holds=EITHER)
    accepted = take(received, now=now, keep=False)
    if not accepted.rejected:
        mark_replayed(row.id, now=now)
    return accepted


__all__ = ["Counts", "Replay", "Undecodable", "replay_set_aside"]
