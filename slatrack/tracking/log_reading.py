"""Log records of one journey, for readers. Writes nothing."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from slatrack.domain.instants import rfc3339, to_nanoseconds
from slatrack.otlp import log_blocks
from slatrack.otlp.full_logs import explain_log
from slatrack.otlp.log_decoding import LogRecord
from slatrack.otlp.severity import at_least
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking.evidence import Evidence, find
from slatrack.tracking.log_models import LogBlock, LogPlace
from slatrack.tracking.log_store import digest
from slatrack.tracking.store import chunks

logger = logging.getLogger(__name__)

MOST_BLOCKS = 400  # unpacked for one reader
MOST = 10_000  # log records read for one reader
AT_ONCE = 20  # blocks in memory


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a reader wants of a journey's log records; what is empty does not narrow."""

    severity: str = ""  # at least
    span: str = ""  # hex
    q: str = ""  # in body, event name, service or attributes, in any case


@dataclass(frozen=True, slots=True)
class JourneyLogs:
    """The chosen log records in order of time, and what there is besides."""

    items: list[dict[str, Any]]
    total: int  # all that belong to the journey, chosen or not
    severities: Mapping[str, int]  # of all
    truncated: bool  # there are more than were read


def journey_logs(flow: str, key: str, chosen: Chosen = Chosen()) -> JourneyLogs | None:
    """Return the log records of a journey; None if there is no such journey.

    Its own are those of its spans, and those of its traces that name no span that is known.
    """
    known = find(flow, key, flows_in_force.current())
    if known is None:
        return None
    evidence = Evidence(known)
    stored, truncated = _stored(known.parts)
    own = [_explained(*one) for one in stored if _belongs(one[0], evidence)]
    own.sort(key=place)
    return JourneyLogs(
        [one for one in own if _is_chosen(one, chosen)],
        len(own),
        Counter(one["severity"] for one in own),
        truncated,
    )


def place(one: Mapping[str, Any]) -> tuple[int, str]:
    """Return where a log record stands among the others: by time, then always the same."""
    return one["time_ns"], one["id"]


def _stored(trace_ids: Iterable[bytes]) -> tuple[list[tuple[LogRecord, str, datetime]], bool]:
    """Return log records with digest and time of arrival, each once; whether some were left."""
    wanted = frozenset(trace_ids)
    ids: set[int] = set()
    for some in chunks([UUID(bytes=one) for one in wanted]):
        ids.update(LogPlace.objects.filter(trace__in=some).values_list("block", flat=True))
    found: dict[str, tuple[LogRecord, str, datetime]] = {}
    first = sorted(ids)[:MOST_BLOCKS]
    for n in range(0, len(first), AT_ONCE):
        for at, one in _unpacked(first[n : n + AT_ONCE], wanted):
            if len(found) >= MOST:
                return list(found.values()), True
            mark = digest(one).hex()
            found.setdefault(mark, (one, mark, at))
    return list(found.values()), len(ids) > MOST_BLOCKS


def _unpacked(ids: list[int], wanted: frozenset[bytes]) -> Iterable[tuple[datetime, LogRecord]]:
    blocks = LogBlock.objects.filter(id__in=ids).order_by("id")
    for row_id, at, data in blocks.values_list("id", "created_at", "data"):
        try:
            yield from ((at, one) for one in log_blocks.unpack(bytes(data), wanted))
        except log_blocks.BlockDamagedError:
            logger.exception("log block %d cannot be read; its log records are gone", row_id)


def _belongs(one: LogRecord, evidence: Evidence) -> bool:
    at = (one.trace_id, log_blocks.span_of(one))
    return at not in evidence.facts or at in evidence.bound


def _explained(one: LogRecord, mark: str, received: datetime) -> dict[str, Any]:
    said = {"id": mark, **explain_log(one)}
    if not said["time"]:
        said["time"], said["time_ns"] = rfc3339(received), to_nanoseconds(received)
    return said


def _is_chosen(one: Mapping[str, Any], chosen: Chosen) -> bool:
    if chosen.severity and one["severity"] not in at_least(chosen.severity):
        return False
    if chosen.span and one["span_id"] != chosen.span.lower():
        return False
    wanted = chosen.q.strip().lower()
    return not wanted or any(
        wanted in str(one[name]).lower() for name in ("body", "event_name", "service", "attributes")
    )
