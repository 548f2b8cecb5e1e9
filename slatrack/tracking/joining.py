"""Joining: traces tell each other what they know of the spans and messages that they share.

A batch leaves an errand in its own transaction: which of its traces have something to tell, and
which messages to look up. Errands are carried out after the commit, round by round: the traces and
their neighbours are locked in order of id, what is claimed is written to the neighbours, these are
bound again, and those that now have something new to tell are the next errand. A crash loses
nothing: an errand is deleted in the transaction that carries it out.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from msgspec import msgpack

from slatrack.domain.binding import Event
from slatrack.domain.edges import Message
from slatrack.domain.facts import Fact, TraceFacts, tied_to_others
from slatrack.domain.parts import Part, contributions
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking import messages, models, sources, span_blocks, store
from slatrack.tracking.journey_rows import update_journeys
from slatrack.tracking.meeting import Meeting
from slatrack.tracking.packing import NEW
from slatrack.tracking.trace_rows import difference, save_traces

logger = logging.getLogger(__name__)

MOST_ROUNDS = 200  # of what one errand leads to: no ring of claims goes on for ever
MOST_AT_ONCE = 10  # errands in one transaction
LEFT = timedelta(seconds=10)
MOST_RACES = 100  # each lost race means that another writer got on


class Work(NamedTuple):
    """What an errand holds: traces that changed, messages to look up, how many errands led here."""

    changed: tuple[bytes, ...]
    noted: dict[int, bytes]
    rounds: int


_encoder = msgpack.Encoder()
_decoder = msgpack.Decoder(Work)


def note(changed: Mapping[bytes, tuple[TraceFacts, Iterable[Fact]]], *, now: datetime) -> None:
    """Leave an errand, if need be, for traces that changed: what each knows, and what is new."""
    found: dict[tuple[bytes, Message], None] = {}
    for trace_id, (_, facts) in changed.items():
        for one in facts:
            if one.side and (one.offset is not None or one.links):
                found.update(((trace_id, message), None) for message in one.messages)
    tied = [trace_id for trace_id, (trace, _) in changed.items() if tied_to_others(trace)]
    noted = messages.note(found, now=now) if found else {}
    if tied or noted:
        _leave(Work(tuple(sorted(tied)), noted, 0), now=now)


def _leave(work: Work, *, now: datetime) -> None:
    models.Errand.objects.create(data=_encoder.encode(work), created_at=now)


def join_left(*, now: datetime) -> None:
    """Carry out errands whose writer has died: those that nobody has taken up for a while."""
    if models.Errand.objects.filter(created_at__lt=now - LEFT).exists():
        join_all(now=now)


def join_all(*, now: datetime) -> tuple[int, int]:
    """Carry out all errands; return how many journeys changed and how many flips were recorded.

    Those that another writer is busy with are skipped. Never raises: what cannot be done now is
    left for the next time, and an errand that can never be carried out stops no other.
    """
    journeys = flips = races = 0
    at_once = MOST_AT_ONCE
    taken: dict[int, bytes] = {}
    while races < MOST_RACES:
        try:
            if not _any_wait():
                break
            with transaction.atomic():
                taken = _take(at_once)
                done = _carry_out([_decoder.decode(one) for one in taken.values()], now=now)
        except (store.Raced, OperationalError, InterfaceError):  # another writer, or no database
            races += 1
            if not connection.is_usable():
                break
        except DatabaseError:
            logger.exception("what traces tell each other is left for later")
            break
        except Exception:
            if at_once == 1:
                logger.exception("what some traces tell each other cannot be worked out")
                models.Errand.objects.filter(id__in=list(taken)).delete()
            at_once = 1
        else:
            if not taken:
                break
            journeys, flips = journeys + done[0], flips + done[1]
    return journeys, flips


def _any_wait() -> bool:
    """Whether there are errands: after most batches none, and then this one look is all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tracking_errand LIMIT 1")
        return cursor.fetchone() is not None


def _take(number: int) -> dict[int, bytes]:
    skip = connection.features.has_select_for_update_skip_locked
    rows = models.Errand.objects.select_for_update(skip_locked=skip).order_by("id")
    errands = dict(rows.values_list("id", "data")[:number])
    models.Errand.objects.filter(id__in=errands).delete()
    return {number: bytes(data) for number, data in errands.items()}


def _carry_out(errands: Sequence[Work], *, now: datetime) -> tuple[int, int]:
    work = [one for one in errands if one.rounds < MOST_ROUNDS]
    if len(work) < len(errands):
        logger.error("some traces claim things of each other in a ring; it goes no further")
    if not work:
        return 0, 0
    changed = {trace_id for one in work for trace_id in one.changed}
    pairs = {pair for one in work for pair in messages.pairs(one.noted)}
    meeting = Meeting(sorted(changed), sorted(pairs))
    counts = _save(meeting, now=now)
    if meeting.onward:
        rounds = 1 + max(one.rounds for one in work)
        _leave(Work(tuple(sorted(meeting.onward)), {}, rounds), now=now)
    return counts


def _save(meeting: Meeting, *, now: datetime) -> tuple[int, int]:
    known = meeting.known
    changed = {
        trace_id: known.get(trace_id, NEW)._replace(trace=trace)
        for trace_id, trace in meeting.dirty.items()
    }
    bindings = {trace_id: contributions(one.trace) for trace_id, one in changed.items()}
    moved = span_blocks.store((), known, changed, bindings, now=now)
    save_traces(changed, known, bindings, moved, now=now)
    parts: dict[Event, dict[bytes, Part | None]] = defaultdict(dict)
    for trace_id, after in bindings.items():
        for event, part in difference(known.get(trace_id, NEW), after).items():
            parts[event][trace_id] = part
    if not parts:
        return 0, 0
    moment = sources.watermarks(now).moment(now, silent=False)
    return update_journeys(parts, flows_in_force.current(), moment)
