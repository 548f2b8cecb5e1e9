"""Intake: one way in for every transport: decode, record, set aside what cannot be read."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import (
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
)

from slatrack.domain.spans import Span
from slatrack.otlp.decoding import Decoder, Undecodable, Wanted
from slatrack.otlp.errors import Rejected
from slatrack.otlp.log_decoding import decode_logs, holds_logs
from slatrack.tracking import flows
from slatrack.tracking.heard import Origin
from slatrack.tracking.log_store import Arrived
from slatrack.tracking.recorder import Recorded, record
from slatrack.tracking.setting_aside import Aside, store

logger = logging.getLogger(__name__)

Record = Callable[..., Recorded]  # slatrack.tracking.recorder.record, or a test's
# Gone, full, locked, or one that takes nothing: a standby, a session that the server has ended,
# tables that lack a migration or may not be written. No record is to blame for any of it.
DATABASE_AWAY = (OperationalError, InterfaceError, InternalError, ProgrammingError)
FULL = ("53100", "No space left", "is full")  # PostgreSQL's code, its words in a log file, SQLite's
SPANS, LOGS, EITHER = "spans", "logs", "either"  # what a record holds; either: its bytes tell
KEPT_UNREADABLE = 1_048_576  # bytes kept of a request that nobody can read


class Unavailable(Exception):
    """Nothing was recorded because the database is away; the sender should send again."""


class Received(NamedTuple):
    """A record or request, with what is needed to find it again."""

    source: str  # kafka, http, grpc, file
    data: bytes
    encoding: str = "auto"
    topic: str = ""
    partition: int | None = None
    offset: int | None = None
    holds: str = SPANS

    @property
    def is_logs(self) -> bool:
        """Whether it holds log records: as its transport says, else as its bytes do."""
        if self.holds == EITHER:
            return holds_logs(self.data, self.encoding)
        return self.holds == LOGS

    def aside(self, reason: str, data: bytes | None = None, encoding: str = "") -> Aside:
        """Return this, or some of its spans as `data`, as it is set aside."""
        return Aside(
            source=self.source,
            reason=reason,
            data=self.data if data is None else data,
            topic=self.topic,
            partition=self.partition,
            offset=self.offset,
            encoding=encoding or self.encoding,
        )


@dataclass(slots=True)
class Batch:
    """What some received records hold, ready to be recorded in one transaction."""

    spans: list[Span] = field(default_factory=list)
    logs: Arrived | None = None
    asides: list[Aside] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)  # which topics the spans came by
    rejected: int = 0  # spans or log records
    unreadable: int = 0  # records

    @property
    def log_records(self) -> int:
        """How many log records it holds, those included that name no trace."""
        return len(self.logs.records) + self.logs.untraced if self.logs else 0

    def add(self, received: Received, decoder: Decoder) -> None:
        """Decode a record; what is wrong with it is set aside, and stops nothing."""
        is_logs = received.holds != SPANS and received.is_logs
        if not self.origins or self.origins[-1].topic != received.topic:
            self.origins.append(Origin(len(self.spans), received.topic))
        try:
            if is_logs:
                rejected = self._add_logs(received)
            else:
                rejected = decoder.read(received.data, received.encoding, self.spans)
        except Undecodable as exc:
            self.unreadable += 1
            self.asides.append(received.aside(str(exc)))
            return
        if rejected:
            self._set_aside(received, rejected, "log record(s)" if is_logs else "span(s)")

    def _set_aside(self, received: Received, rejected: list[Rejected], what: str) -> None:
        for one in rejected:
            self.rejected += one.spans
            reason = f"{one.spans} {what} rejected: {one.reason}"
            self.asides.append(received.aside(reason, one.raw, "auto"))

    def _add_logs(self, received: Received) -> list[Rejected]:
        kept = settings.SLATRACK.log_record_max_bytes
        decoded = decode_logs(received.data, encoding=received.encoding, kept=kept)
        self.logs = self.logs or Arrived()
        self.logs.records += decoded.logs
        self.logs.untraced += decoded.untraced
        return decoded.rejected


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a request."""

    spans: int
    rejected: int
    message: str  # why; empty where all is well
    logs: int = 0  # log records


def wanted() -> Wanted:
    """Return what the flows in force want of spans."""
    here = settings.SLATRACK
    known = flows.current()
    return Wanted(known.wanted, here.span_max_bytes, here.namings, known.mute)


def take(
    received: Received, *, now: datetime, record: Record = record, keep: bool = True
) -> Accepted:
    """Record a request. Once this returns it is committed, and may be acknowledged.

    Raises Undecodable and Unavailable (nothing happened). What cannot be read is set aside, unless
    `keep` is false: a record that was set aside before is there already.
    """
    try:
        batch = Batch()
        batch.add(received, Decoder(wanted(), now))
        if batch.unreadable:
            if keep:
                _keep_unreadable(received, batch.asides[0].reason, now=now)
            raise Undecodable(batch.asides[0].reason)
        return _recorded(received, batch, now=now, record=record, keep=keep)
    except DATABASE_AWAY as exc:
        reconnect()
        state = condition(exc)
        logger.warning("spans were refused for now, the database is %s: %s", state, exc)
        raise Unavailable(f"the database is {state}; send again") from exc


def _recorded(
    received: Received, batch: Batch, *, now: datetime, record: Record, keep: bool
) -> Accepted:
    try:
        asides = batch.asides if keep else []
        record(batch.spans, now=now, set_aside=asides, logs=batch.logs)
    except DATABASE_AWAY:
        raise
    except Exception as exc:
        logger.exception("a request could not be recorded; it is set aside")
        record([], now=now, set_aside=[received.aside(failure(exc))] if keep else [])
        lost = len(batch.spans) + batch.log_records + batch.rejected
        return Accepted(0, lost, f"set aside: {failure(exc)}")
    reasons = "; ".join(aside.reason for aside in batch.asides)
    return Accepted(len(batch.spans), batch.rejected, reasons, batch.log_records)


def reconnect() -> None:
    """Let the next query open a new connection: this one may be what is broken."""
    if not connection.in_atomic_block:
        connection.close()


def condition(exc: Exception) -> str:
    """Say in a word what is wrong with a database that cannot be written to."""
    if isinstance(exc, ProgrammingError):
        return "not as it must be (is a migration missing?)"
    said = f"{getattr(exc.__cause__, 'sqlstate', '')} {exc}"
    return "full" if any(one in said for one in FULL) else "away"


def failure(exc: Exception) -> str:
    """Say why something readable could not be recorded."""
    return f"it could not be recorded: {type(exc).__name__}: {exc}"


def _keep_unreadable(received: Received, reason: str, *, now: datetime) -> None:
    """Keep what was sent, so that a person can see it: its sender will not send it again."""
    size = len(received.data)
    aside = Aside(
        received.source,
        reason,
        received.data[:KEPT_UNREADABLE],
        encoding=received.encoding,
        size=size,
    )
    store([aside], now=now)
